/* Tests a game without a node: the test is the umpire, and sees what became of each message. */
#include "player.h"
#include <mesh/test.h>
#include <stdio.h>
#include <stdlib.h>

enum { HITS = 10 };

static const struct mesh_type *const types[] = {&pingpong_player, NULL};

static void expect(bool holds, const char *what) {
    if (!holds) {
        fprintf(stderr, "not so: %s\n", what);
        exit(1);
    }
}

int main(void) {
    struct mesh_test *test;
    struct mesh_address players[2];
    expect(mesh_test_new(&test, &(struct mesh_test_options){.types = types}, NULL) == MESH_OK, "a test");
    expect(mesh_test_create(test, "pingpong.player", NULL, &players[0], NULL) == MESH_OK, "a player");
    expect(mesh_test_create(test, "pingpong.player", NULL, &players[1], NULL) == MESH_OK, "another one");

    struct ball ball = {.umpire = mesh_test_address(test), .to = players[1], .hits = HITS};
    struct mesh_message *message;
    expect(mesh_test_tell(test, players[0], "ball", &ball, sizeof ball) == MESH_OK, "the ball is served");
    expect(mesh_test_listen(test, 1000, &message) == MESH_OK, "the game is over");
    expect(mesh_message_is(message, "ball"), "the umpire gets the ball");
    expect(mesh_address_equal(mesh_message_sender(message), players[1]), "from the second player");
    mesh_message_release(&message);

    struct mesh_settlement settlement;
    int turns[2] = {0};
    while (mesh_test_settled(test, &settlement)) {
        expect(settlement.outcome == MESH_OUTCOME_HANDLED, "no ball is lost");
        turns[0] += mesh_address_equal(settlement.target, players[0]);
        turns[1] += mesh_address_equal(settlement.target, players[1]);
    }
    expect(turns[0] == HITS / 2 && turns[1] == HITS / 2, "they take turns");
    mesh_test_destroy(&test);
    return 0;
}
