/* Unit tests of the ZeroMQ transport: where it listens, and what it says when it cannot.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "mesh/runtime/transport_zmq.h"
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static char directory[] = "/tmp/mesh-transport-XXXXXX";
static char path[64], endpoint[80], bound[TRANSPORT_ENDPOINT_BYTES];
static struct transport *transport;
static struct mesh_error error;

static void begin(void) {
    cr_assert_not_null(mkdtemp(directory));
    (void)snprintf(path, sizeof path, "%s/a.sock", directory);
    (void)snprintf(endpoint, sizeof endpoint, "ipc://%s", path);
    cr_assert_eq(transport_zmq_new(&transport, 1, true), MESH_OK);
}

static void end(void) {
    transport_destroy(&transport);
    (void)unlink(path);
    cr_assert_eq(rmdir(directory), 0);
}

TestSuite(transport_zmq, .init = begin, .fini = end);

static int bind_by_ipc(void) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    cr_assert_eq(bind(fd, (const struct sockaddr *)(const void *)&address, sizeof address), 0);
    return fd;
}

/* A socket file as a killed process leaves it. */
static void leave_stale_socket(void) {
    cr_assert_eq(close(bind_by_ipc()), 0);
}

Test(transport_zmq, a_stale_socket_file_is_replaced) {
    leave_stale_socket();
    cr_assert(zmq_transport_is_refused(endpoint));
    cr_assert_eq(transport_listen(transport, endpoint, bound, &error), MESH_OK);
    cr_assert_str_eq(bound, endpoint);
    cr_assert_not(zmq_transport_is_refused(endpoint));
}

Test(transport_zmq, a_living_socket_is_left_alone) {
    struct transport *second;
    cr_assert_eq(transport_listen(transport, endpoint, bound, &error), MESH_OK);
    cr_assert_eq(transport_zmq_new(&second, 2, true), MESH_OK);
    cr_assert_eq(transport_listen(second, endpoint, bound, &error), MESH_ADDRESS_IN_USE);
    cr_assert(strstr(error.text, path));
    transport_destroy(&second);
    cr_assert_not(zmq_transport_is_refused(endpoint), "the first one still listens");
}

Test(transport_zmq, a_file_that_is_no_socket_is_left_alone) {
    struct stat found;
    FILE *file = fopen(path, "w");
    cr_assert_eq(fclose(file), 0);
    cr_assert_eq(transport_listen(transport, endpoint, bound, &error), MESH_EXISTS);
    cr_assert(strstr(error.text, path));
    cr_assert_eq(stat(path, &found), 0);
}

Test(transport_zmq, a_path_at_the_limit_of_108_bytes_fits_and_one_more_does_not) {
    char longest[200], text[256];
    size_t most = sizeof((struct sockaddr_un *)0)->sun_path - 1;
    memset(longest, 'x', sizeof longest);
    int prefix = snprintf(longest, sizeof longest, "%s/", directory);
    longest[prefix] = 'x';
    longest[most] = '\0';
    (void)snprintf(text, sizeof text, "ipc://%s", longest);
    cr_assert_eq(transport_listen(transport, text, bound, &error), MESH_OK);
    (void)snprintf(text, sizeof text, "ipc://%sx", longest);
    cr_assert_eq(transport_listen(transport, text, bound, &error), MESH_TOO_LARGE);
    cr_assert(strstr(error.text, "shorter"));
    transport_destroy(&transport);
    (void)unlink(longest);
}

Test(transport_zmq, a_port_in_use_is_named) {
    struct transport *second;
    char port[TRANSPORT_ENDPOINT_BYTES];
    cr_assert_eq(transport_listen(transport, "tcp://127.0.0.1:0", port, &error), MESH_OK);
    cr_assert_eq(transport_zmq_new(&second, 2, true), MESH_OK);
    cr_assert_eq(transport_listen(second, port, bound, &error), MESH_ADDRESS_IN_USE);
    cr_assert(strstr(error.text, port));
    transport_destroy(&second);
    cr_assert_not(zmq_transport_is_refused(port));
}

Test(transport_zmq, what_is_no_endpoint_is_refused_with_a_remedy) {
    cr_assert_eq(transport_listen(transport, "nonsense", bound, &error), MESH_INVALID_ARGUMENT);
    cr_assert(strstr(error.text, "tcp://"));
}

static void wait_a_moment(struct transport *waiting) {
    struct pollfd fds[8];
    size_t count = transport_descriptors(waiting, fds, 8);
    if (poll(fds, count, 100) > 0) {
        transport_polled(waiting, fds);
    }
}

/* Waits until a link has news, with a deadline. */
static struct transport_link *await_news(void) {
    struct transport_link *link;
    for (int i = 0; i < 100 && !(link = transport_changed(transport)); i++) {
        wait_a_moment(transport);
    }
    return link;
}

Test(transport_zmq, nobody_listens_where_a_killed_process_did) {
    struct transport_link *link;
    leave_stale_socket();
    cr_assert_eq(transport_open(transport, endpoint, false, &link), MESH_OK);
    cr_assert_eq(await_news(), link);
    cr_assert_eq(link->state, TRANSPORT_REFUSED);
    transport_close(transport, link);
}

/* Somebody who listens over tcp, and is no node. */
static int listen_by_tcp(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t bytes = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert_eq(bind(fd, (const struct sockaddr *)(const void *)&address, sizeof address), 0);
    cr_assert_eq(listen(fd, 1), 0);
    cr_assert_eq(getsockname(fd, (struct sockaddr *)(void *)&address, &bytes), 0);
    (void)snprintf(endpoint, sizeof endpoint, "tcp://127.0.0.1:%u", (unsigned)ntohs(address.sin_port));
    return fd;
}

Test(transport_zmq, S3B_nobody_listens_where_a_node_did) {
    struct transport_link *link;
    close(listen_by_tcp());
    cr_assert_eq(transport_open(transport, endpoint, false, &link), MESH_OK);
    cr_assert_eq(await_news(), link);
    cr_assert_eq(link->state, TRANSPORT_REFUSED);
    transport_close(transport, link);
}

/* libzmq gives a handshake up after 5 s. */
Test(transport_zmq, S7E_who_accepts_and_does_not_answer_is_not_said_to_have_a_key) {
    struct transport_link *link;
    int fd = listen_by_tcp();
    cr_assert_eq(transport_open(transport, endpoint, true, &link), MESH_OK);
    cr_assert_eq(await_news(), link);
    cr_assert_eq(link->state, TRANSPORT_DOWN);
    cr_assert(link->silent);
    cr_assert(strstr(link->why, "it accepts connections, but does not answer: its process is stopped"));
    transport_close(transport, link);
    cr_assert_eq(close(fd), 0);
}

Test(transport_zmq, S7E_who_closes_the_connection_may_have_a_key) {
    struct transport_link *link;
    int fd = listen_by_tcp();
    cr_assert_eq(transport_open(transport, endpoint, true, &link), MESH_OK);
    cr_assert_eq(close(accept(fd, NULL, NULL)), 0);
    cr_assert_eq(await_news(), link);
    cr_assert_eq(link->state, TRANSPORT_DOWN);
    cr_assert_not(link->silent);
    cr_assert(strstr(link->why, "it may have security = curve"));
    transport_close(transport, link);
    cr_assert_eq(close(fd), 0);
}

Test(transport_zmq, S7E_a_process_that_ends_as_it_is_called_is_not_said_to_have_a_key) {
    struct transport_link *link;
    int fd = bind_by_ipc();
    cr_assert_eq(listen(fd, 1), 0);
    cr_assert_eq(transport_open(transport, endpoint, true, &link), MESH_OK);
    cr_assert_eq(close(accept(fd, NULL, NULL)), 0);
    cr_assert_eq(await_news(), link);
    cr_assert_eq(link->state, TRANSPORT_DOWN);
    cr_assert_null(link->why);
    transport_close(transport, link);
    cr_assert_eq(close(fd), 0);
}

static void say_something(struct transport *speaker, struct transport_link *link) {
    struct codec *codec;
    struct codec_image image;
    struct frame stale = {.from = 1, .to = 2, .body = FRAME_STALE, .stale = {.meant = 3}};
    cr_assert_eq(codec_new(&codec), MESH_OK);
    cr_assert_eq(codec_prepare(codec, &stale, &image), MESH_OK);
    cr_assert_eq(transport_send(speaker, link, codec, &image), MESH_OK);
    codec_destroy(&codec);
}

/* Also where nothing waits to be sent, and nothing can be received. */
Test(transport_zmq, D3_a_link_tells_by_itself_that_its_process_has_ended) {
    struct transport *second;
    struct transport_link *link;
    cr_assert_eq(transport_zmq_new(&second, 2, false), MESH_OK);
    cr_assert_eq(transport_listen(second, endpoint, bound, &error), MESH_OK);
    cr_assert_eq(transport_open(transport, endpoint, false, &link), MESH_OK);
    say_something(transport, link);
    cr_assert_eq(await_news(), link);
    cr_assert_eq(link->state, TRANSPORT_UP);
    transport_destroy(&second);
    cr_assert_eq(await_news(), link);
    cr_assert_eq(link->state, TRANSPORT_REFUSED);
    transport_close(transport, link);
}

/* Waits until a frame has come in, with a deadline. */
static struct transport_inbound await_frame(void) {
    struct transport_inbound inbound;
    bool got = false;
    for (int i = 0; i < 100 && !(got = transport_receive(transport, &inbound)); i++) {
        wait_a_moment(transport);
    }
    cr_assert(got);
    return inbound;
}

enum { CALLER = 2 };

static void await_callers(size_t count) {
    const struct map *connections = &zmq_transport_of(transport)->callers.connections;
    for (int i = 0; i < 100 && map_size(connections) != count; i++) {
        wait_a_moment(transport);
    }
    cr_assert_eq(map_size(connections), count);
}

/* Somebody has called, and what it said is in hand. */
static void be_called(struct transport **caller) {
    struct transport_link *link;
    cr_assert_eq(transport_listen(transport, "tcp://127.0.0.1:0", bound, &error), MESH_OK);
    cr_assert_eq(transport_zmq_new(caller, CALLER, false), MESH_OK);
    cr_assert_eq(transport_open(*caller, bound, true, &link), MESH_OK);
    say_something(*caller, link);
    for (int i = 0; i < 100 && link->state == TRANSPORT_OPENING; i++) {
        wait_a_moment(*caller);
        (void)transport_changed(*caller);
    }
    await_callers(1);
    cr_assert_eq(await_frame().source, CALLER);
}

Test(transport_zmq, S3A_a_way_back_is_doubtful_when_who_called_has_hung_up) {
    struct transport *caller;
    struct transport_link *back;
    be_called(&caller);
    cr_assert_eq(transport_back(transport, CALLER, &back), MESH_OK);
    say_something(transport, back);
    cr_assert_eq(await_news(), back);
    cr_assert_eq(back->state, TRANSPORT_UP);
    cr_assert_not(back->doubtful);
    transport_destroy(&caller);
    cr_assert_eq(await_news(), back);
    cr_assert(back->doubtful);
    transport_close(transport, back);
}

Test(transport_zmq, S3A_a_way_back_is_doubtful_when_who_called_hung_up_before) {
    struct transport *caller;
    struct transport_link *back;
    struct pollfd fds[2];
    be_called(&caller);
    transport_destroy(&caller);
    cr_assert_eq(transport_descriptors(transport, fds, 2), 2);
    cr_assert_eq(poll(fds + 1, 1, 10000), 1, "there is something to be heard of callers");
    cr_assert_eq(transport_back(transport, CALLER, &back), MESH_OK);
    cr_assert(back->doubtful);
    cr_assert_eq(transport_changed(transport), back);
    transport_close(transport, back);
}
