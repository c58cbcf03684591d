/* Sources on three nodes: loaded, judged, fetched, unloaded, watched (J1 to J6, C2).
 *
 * SPDX-License-Identifier: MPL-2.0 */
#include "tests/scenario/sources_world.h"

TestSuite(sources, .init = begin, .fini = finish);

/* ---- loading ---- */

Test(sources, J2_without_an_authority_every_load_is_refused) {
    load(0, 1);
    expect(0, "done 1: MESH_REFUSED this node has no Source Authority, and without one it loads nothing, ");
    cr_assert_eq(parts, 0, "its bytes are not even asked for");
    authority(0, AUTHORITY, true);
    authority(0, AUTHORITY, false);
    load(0, 2);
    expect(0, "done 2: MESH_REFUSED this node has no Source Authority, and without one it loads nothing, ");
}

Test(sources, J1_loading_again_does_nothing) {
    authority(0, AUTHORITY, true);
    load(0, 1);
    expect(0, "judge 204896 by 2, unpack 1, done 1: MESH_OK, ");
    cr_assert_eq(parts, 4);
    load(0, 2);
    expect(0, "done 2: MESH_OK, ");
    cr_assert_eq(parts, 4);
}

Test(sources, J1_who_loads_at_the_same_time_shares_the_outcome) {
    authority(0, AUTHORITY, true);
    nodes[0].policy = WAIT;
    load(0, 1);
    load(0, 2);
    expect(0, "judge 204896 by 2, ");
    struct control_source answer = about(CONTROL_SOURCE_VALIDATED);
    answer.flag = true;
    say(nodes[0].asked, nodes[0].question, answer);
    settle();
    expect(0, "unpack 1, done 1: MESH_OK, done 2: MESH_OK, ");
}

Test(sources, J1_bytes_of_another_hash_are_refused_and_the_next_one_is_asked) {
    authority(0, AUTHORITY, true);
    hash[0] ^= 1;
    load(0, 1);
    expect(0, "done 1: MESH_PROTOCOL its bytes have another hash than was said, ");
    hash[0] ^= 1;
    nodes[0].deaf = true;
    load(0, 2);
    nodes[0].deaf = false;
    struct control_source said = about(CONTROL_SOURCE_LOAD);
    said.size = content_bytes;
    say(process_of(0, OTHER), 3, said);
    pass(9 * NS_PER_S + 999 * NS_PER_MS);
    expect(0, "");
    pass(1 * NS_PER_MS);
    expect(0, "done 2: MESH_TIMED_OUT its bytes did not come, judge 204896 by 2, unpack 1, done 3: MESH_OK, ");
}

Test(sources, J1_a_loader_that_dies_is_forgotten) {
    authority(0, AUTHORITY, true);
    nodes[0].deaf = true;
    load(0, 1);
    step(0, (struct sources_event){.kind = SOURCES_PROCESS_GONE, .asker = process_of(0, PROGRAM)});
    settle();
    nodes[0].deaf = false;
    nodes[0].told[0] = '\0';
    load(0, 2);
    expect(0, "judge 204896 by 2, unpack 1, done 2: MESH_OK, ");
}

Test(sources, J1_what_cannot_be_loaded_is_told) {
    authority(0, AUTHORITY, true);
    nodes[0].reading = MESH_LOAD_FAILED;
    load(0, 1);
    expect(0, "judge 204896 by 2, unpack 1, done 1: MESH_LOAD_FAILED a symbol is missing, ");
    size_t place = 0;
    struct sources_view view;
    cr_assert_not(sources_next(nodes[0].sources, &place, &view));
}

Test(sources, J1_sizes_and_numbers_have_limits) {
    authority(0, AUTHORITY, true);
    struct control_source large = about(CONTROL_SOURCE_LOAD);
    large.size = BUNDLE_BYTES + (size_t)1;
    say(process_of(0, PROGRAM), 1, large);
    settle();
    expect(0, "done 1: MESH_TOO_LARGE it is empty, or larger than a source may be, ");
    nodes[0].deaf = true;
    for (uint64_t id = 2; id < 5; id++) {
        hash[1] = (uint8_t)id;
        load(0, id);
    }
    expect(0, "done 4: MESH_FULL this node has as many sources as it may have: unload one, ");
}

/* ---- the Authority ---- */

Test(sources, J2_it_answers_in_time_or_the_source_is_refused) {
    authority(0, AUTHORITY, true);
    nodes[0].policy = WAIT;
    load(0, 1);
    expect(0, "judge 204896 by 2, ");
    pass(30 * NS_PER_S - 1);
    expect(0, "");
    pass(1);
    expect(0, "done 1: MESH_TIMED_OUT the Source Authority has not answered in time, ");
    struct control_source late = about(CONTROL_SOURCE_VALIDATED);
    late.flag = true;
    say(nodes[0].asked, nodes[0].question, late);
    settle();
    expect(0, "");
    cr_assert_eq(sources_counters(nodes[0].sources)->late, 1);
}

Test(sources, J2_it_may_refuse_and_may_make_plain) {
    authority(0, AUTHORITY, true);
    nodes[0].policy = REFUSE;
    load(0, 1);
    expect(0, "judge 204896 by 2, done 1: MESH_REFUSED the Source Authority refuses it: by nobody I know, ");
    nodes[0].policy = MAKE_PLAIN;
    load(0, 2);
    expect(0, "judge 204896 by 2, unpack 1, done 2: MESH_OK, ");
    cr_assert_eq(parts, 4 + 4 + 4, "twice the original, and what was made of it");
}

Test(sources, J2_an_answer_about_another_source_or_by_another_process_is_none) {
    authority(0, AUTHORITY, true);
    nodes[0].policy = WAIT;
    load(0, 1);
    struct control_source answer = about(CONTROL_SOURCE_VALIDATED);
    answer.flag = true;
    say(process_of(0, OTHER), nodes[0].question, answer);
    say(nodes[0].asked, nodes[0].question + 1, answer);
    hash[0] ^= 1;
    say(nodes[0].asked, nodes[0].question, answer);
    settle();
    hash[0] ^= 1;
    expect(0, "judge 204896 by 2, ");
    cr_assert_eq(sources_counters(nodes[0].sources)->late, 3);
}

Test(sources, J2_the_newest_replaces_the_older_and_is_asked_anew) {
    authority(0, AUTHORITY, true);
    nodes[0].policy = WAIT;
    load(0, 1);
    nodes[0].policy = AGREE;
    authority(0, OTHER, true);
    expect(0, "judge 204896 by 2, judge 204896 by 3, unpack 1, done 1: MESH_OK, ");
    authority(0, AUTHORITY, false);
    cr_assert_eq(address_slot(sources_authority(nodes[0].sources)), OTHER, "who was replaced cannot step down");
}

Test(sources, J2_it_ends_with_its_process) {
    authority(0, AUTHORITY, true);
    nodes[0].policy = WAIT;
    load(0, 1);
    step(0, (struct sources_event){.kind = SOURCES_PROCESS_GONE, .asker = process_of(0, AUTHORITY)});
    settle();
    expect(0, "judge 204896 by 2, done 1: MESH_REFUSED the Source Authority has ended before it answered, ");
    cr_assert(mesh_address_is_none(sources_authority(nodes[0].sources)));
}

/* ---- fetching ---- */

Test(sources, J4_a_create_fetches_its_source) {
    have(0);
    cr_assert_eq(create(1, 0, 5).verdict, SOURCES_WAITS);
    expect(1, "unpack 1, create 5: MESH_OK, ");
    cr_assert_eq(create(1, 0, 6).verdict, SOURCES_HERE);
    cr_assert_eq(sources_counters(nodes[1].sources)->fetched, 1);
}

Test(sources, J4_its_own_authority_sees_the_original) {
    authority(0, AUTHORITY, true);
    nodes[0].policy = MAKE_PLAIN;
    load(0, 1);
    authority(1, AUTHORITY, true);
    cr_assert_eq(create(1, 0, 5).verdict, SOURCES_WAITS);
    expect(1, "judge 204896 by 2, unpack 1, create 5: MESH_OK, ");
    cr_assert_eq(create(2, 0, 5).verdict, SOURCES_WAITS);
    expect(2, "unpack 1, create 5: MESH_OK, ");
}

Test(sources, J4_what_nobody_has_is_unknown) {
    struct sources_answer answer = create(1, 0, 5);
    cr_assert_eq(answer.verdict, SOURCES_WAITS);
    expect(1, "create 5: MESH_UNKNOWN_SOURCE, ");
    answer = create_with(1, (struct control_create){0}, 0, 6);
    cr_assert_eq(answer.verdict, SOURCES_LACKING, "of an own process nothing can be fetched");
    cr_assert_eq(answer.status, MESH_UNKNOWN_SOURCE);
}

Test(sources, J4_the_node_that_has_it_is_lost_meanwhile) {
    have(2);
    nodes[2].cut = true;
    cr_assert_eq(create(1, 2, 5).verdict, SOURCES_WAITS);
    expect(1, "");
    lose(1, 2);
    expect(1, "create 5: MESH_UNKNOWN_SOURCE, ");
}

Test(sources, J4_the_setting_says_from_whom) {
    finish();
    begin_accepting(SOURCES_FROM_NOBODY);
    have(0);
    cr_assert_eq(create(1, 0, 5).verdict, SOURCES_LACKING);
    finish();
    begin_accepting(SOURCES_FROM_LEADER);
    have(2);
    cr_assert_eq(create(1, 2, 5).verdict, SOURCES_WAITS);
    expect(1, "create 5: MESH_UNKNOWN_SOURCE, ");
    have(0);
    cr_assert_eq(create(1, 2, 6).verdict, SOURCES_WAITS);
    expect(1, "unpack 1, create 6: MESH_OK, ");
}

Test(sources, C2_whose_create_waits_for_a_source_is_told_so) {
    have(0);
    nodes[0].cut = true;
    (void)create(1, 0, 5);
    pass(NS_PER_S - 1);
    expect(1, "");
    pass(1);
    expect(1, "create 5 waited 1000 ms, ");
    pass(2 * NS_PER_S);
    expect(1, "create 5 waited 1000 ms, create 5 waited 1000 ms, ");
    nodes[0].cut = false;
    settle();
    expect(1, "unpack 1, create 5: MESH_OK, ");
    pass(10 * NS_PER_S);
    expect(1, "");
}

/* ---- unloading ---- */

Test(sources, J5_unloaded_everywhere_when_the_call_returns) {
    have(0);
    (void)create(1, 0, 5);
    (void)create(2, 0, 5);
    nodes[1].told[0] = nodes[2].told[0] = '\0';
    unload(1, 9);
    expect(1, "drop 1, done 9: MESH_OK, ");
    expect(0, "drop 1, ");
    expect(2, "drop 1, ");
    for (size_t at = 0; at < NODES; at++) {
        cr_assert_neq(create(at, 0, 6).verdict, SOURCES_HERE);
    }
    unload(1, 10);
    expect(1, "create 6: MESH_UNKNOWN_SOURCE, done 10: MESH_OK, ");
    hash[0] ^= 1;
    unload(1, 11);
    expect(1,
           "done 11: MESH_NOT_FOUND no such source is loaded on this node: `mesh source list` shows those that are, ");
}

Test(sources, J5_partial_names_who_was_not_reached) {
    have(0);
    (void)create(1, 0, 5);
    nodes[1].told[0] = '\0';
    nodes[1].cut = true;
    unload(0, 9);
    pass(5 * NS_PER_S - 1);
    expect(0, "drop 1, ");
    pass(1);
    expect(0, "done 9: MESH_PARTIAL not reached, and told as soon as they are: n1, ");
    nodes[1].cut = false;
    settle();
    expect(1, "drop 1, ");
}

Test(sources, J5_who_is_lost_is_not_waited_for) {
    have(0);
    nodes[1].cut = nodes[2].cut = true;
    unload(0, 9);
    lose(0, 1);
    settle();
    expect(0, "drop 1, ");
    lose(0, 2);
    settle();
    expect(0, "done 9: MESH_PARTIAL not reached, and told as soon as they are: n1, n2, ");
}

/* It is lost, and what was said to it with it; the leader tells it when it is a member again. */
Test(sources, J5_who_comes_back_learns_it_before_it_creates) {
    have(0);
    (void)create(1, 0, 5);
    nodes[1].told[0] = '\0';
    lose(0, 1);
    unload(0, 9);
    expect(0, "drop 1, done 9: MESH_OK, ");
    cr_assert_eq(create_with(1, (struct control_create){0}, 0, 6).verdict, SOURCES_HERE, "it cannot know");
    meet(0, 1);
    settle();
    expect(1, "drop 1, ");
}

/* A new leader that has missed it hears it from its members, and tells the others once. */
Test(sources, J5_a_leader_that_missed_it_tells_the_others) {
    have(0);
    (void)create(1, 0, 5);
    (void)create(2, 0, 5);
    nodes[1].told[0] = nodes[2].told[0] = '\0';
    lose(0, 1);
    lose(0, 2);
    unload(0, 9);
    lead(0, FIRST + 1);
    lead(1, FIRST + 1);
    lead(2, FIRST + 1);
    settle();
    expect(1, "drop 1, ");
    expect(2, "drop 1, ");
}

/* The create knows more than the node that is to host it. */
Test(sources, J5_a_create_brings_the_word) {
    have(0);
    (void)create(1, 0, 5);
    nodes[1].told[0] = '\0';
    struct sources_answer answer = create_with(1, (struct control_create){.source_unloaded = 1}, 0, 6);
    cr_assert_eq(answer.verdict, SOURCES_LACKING);
    expect(1, "drop 1, ");
    answer = create_with(1, (struct control_create){.source_load = 1, .source_from = FIRST}, FIRST, 7);
    cr_assert_eq(answer.verdict, SOURCES_LACKING, "what it knows to be unloaded is not fetched");
}

Test(sources, J5_loaded_again_it_is_another_load) {
    have(0);
    (void)create(1, 0, 5);
    unload(0, 9);
    nodes[0].told[0] = nodes[1].told[0] = '\0';
    have(0);
    cr_assert_eq(create_with(1, (struct control_create){.source_load = 2, .source_from = FIRST}, FIRST, 6).verdict,
                 SOURCES_WAITS);
    expect(1, "unpack 2, create 6: MESH_OK, ");
    struct control_source old = about(CONTROL_SOURCE_UNLOAD);
    old.load = 1;
    post(process_of(0, 0), process_of(1, 0), &(struct control){.kind = CONTROL_SOURCE, .source = old});
    settle();
    expect(1, "");
    cr_assert_eq(create(1, 0, 7).verdict, SOURCES_HERE, "the word on an earlier load comes late");
}

Test(sources, J5_what_is_on_its_way_is_unloaded_too) {
    authority(0, AUTHORITY, true);
    nodes[0].reading = MESH_INTERRUPTED;
    load(0, 1);
    unload(0, 9);
    expect(0, "judge 204896 by 2, unpack 1, drop 1, done 1: MESH_UNKNOWN_SOURCE it was unloaded meanwhile, done 9: "
              "MESH_OK, ");
    nodes[0].reading = MESH_OK;
    tell_read(0);
    expect(0, "");
    cr_assert_eq(create_with(0, (struct control_create){0}, 0, 6).verdict, SOURCES_LACKING);
}

/* ---- watching ---- */

Test(sources, J6_the_present_list_then_each_change_once) {
    have(0);
    watch(0, true);
    expect(0, "+hello 1, ");
    watch(0, true);
    expect(0, "");
    unload(0, 9);
    expect(0, "drop 1, -hello 1, done 9: MESH_OK, ");
    have(0);
    watch(0, false);
    unload(0, 10);
    expect(0, "drop 2, done 10: MESH_OK, ");
}

Test(sources, J6_a_watcher_goes_with_its_process) {
    watch(0, true);
    authority(0, AUTHORITY, true);
    step(0, (struct sources_event){.kind = SOURCES_PROCESS_GONE, .asker = process_of(0, OTHER)});
    load(0, 1);
    expect(0, "judge 204896 by 2, unpack 1, done 1: MESH_OK, ");
}
