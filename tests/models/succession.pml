/* Succession: two that may lead, which die, come back, and are cut off from each other, and the one global name that both ask for.
 *
 *   candidate  succession.c, candidates.c, on_heartbeat.c, on_register.c, on_registered.c, on_link.c
 *   names      names.c (the leader's table), directory_names.c (who asks, and who holds)
 *   faults     nodes that die, with their links or without a word, and a network that carries nothing for a while
 *   clock      heartbeats, and what is judged by time
 *
 * The first in the list is 0. A name of a state is that of the field in the code; `epoch` of one that does not lead is that of the roster it has.
 * Time is counted in heartbeats: what was sent arrives before the next one when there is a way at all, or is lost, at most SLIPS times in a run. A name
 * is given by the leader that both follow; it is held from when that has arrived, as if a host came up at once. Control messages are kept over
 * a break, and go with either node, or when the sender takes the receiver for lost.
 *
 * Always: of two that have heard each other one leads at most (S6A, S6B), and at most one actor has the name, wherever it is (G2, S6D).
 * In the end, so long after the last fault, the first that lives leads, the other one follows it and is on its roster.
 *
 * SPDX-License-Identifier: MPL-2.0 */

#ifndef DEATHS
#define DEATHS 0
#endif
#ifndef CUTS
#define CUTS 0
#endif
#ifndef SLIPS
#define SLIPS 0 /* heartbeats, registrations or answers that are lost without a word */
#endif
#ifndef ASKS
#define ASKS 1 /* for the name, of each node */
#endif
#define LIVES 3

/* Spans, in heartbeats: the mandate ends before anybody counts as lost by silence. */
#define MANDATE 3
#define SILENT 5
#define REFUSED 2
#define SETTLING 2
#define PERIOD 7 /* then followers register again */
#define CALM 14  /* after which all have agreed */

#define EACH i : 0 .. 1
#define OTHER (1 - i)
#define BEFORE (OTHER == 0) /* the other stands before this one */
#define AGE(n, most) n = (n < most -> n + 1 : most)

mtype = { HEARTBEAT, REGISTER, REGISTERED };
mtype = { WANTED, HELD, REQUEST, GRANT, FREED, TAKEN };

/* To each node: frames, and control messages. Both bear the life that they come from. */
chan frames[2] = [5] of { mtype, byte /* from */, byte /* epoch */, bool /* acting */ };
chan controls[2] = [6] of { mtype, byte /* from */, byte /* epoch */, bool /* there is one */ };

/* ---- what is true ---- */

byte life[2] = 1;
bool alive[2] = true, silent[2]; /* silent: nobody refuses calls there */
bool cut;                        /* nothing passes between them */
byte calm;                       /* heartbeats since the last fault */
bool met;                        /* they have exchanged heartbeats since something was between them */
#define WAY (alive[0] && alive[1] && !cut)

/* ---- a candidate ---- */

byte leader[2];          /* 0 for none, else 1 + who */
bool acting[2];
byte epoch[2], highest_epoch[2];
byte peer[2];            /* the life of the other that is known, 0 for none */
bool heard[2], leads[2], lost[2];
bool listed[2];          /* the other is on the roster */
byte refused[2];         /* heartbeats since nobody listened there, 0: somebody does */
byte unheard[2];         /* since anything came from the other */
byte reigned[2], seconded[2], started[2]; /* since it entered its epoch, since the other followed in it, since it began */

/* ---- names ---- */

bool holds[2];           /* an actor of the node has the name */
byte held_epoch[2];      /* in which that was given */
byte asked[2];           /* 0, or 1 + whom it has asked for the name */
byte asks_left[2] = ASKS;
byte keeper[2], keeper_epoch[2]; /* who is told of names; 0 for none, else 1 + who */
byte table[2], table_epoch[2];   /* the leader's: 0, or 1 + who has the name, or may create it */
bool told[2];            /* the other has told the leader what it holds */

inline say(i, what, flag) {
    if
    :: WAY && len(frames[OTHER]) < 5 -> frames[OTHER]!what, life[i], epoch[i], flag
    :: else
    fi
}

inline control(i, what, about, flag) {
    if
    :: alive[OTHER] && peer[i] == life[OTHER] && len(controls[OTHER]) < 6 -> controls[OTHER]!what, life[i], about, flag
    :: else
    fi
}

inline drain(to) {
    do
    :: len(to) > 0 -> to?_, _, _, _
    :: else -> break
    od
}

/* ---- names: who asks and holds ---- */

/* directory_ask_name: of the present leader, once of each */
inline ask(i) {
    if
    :: asked[i] && !holds[i] && leader[i] != 0 && asked[i] != 1 + leader[i] ->
        asked[i] = 1 + leader[i];
        if
        :: leader[i] == 1 + i -> give_own(i)
        :: else -> control(i, REQUEST, 0, false)
        fi
    :: else
    fi
}

/* What this node holds it tells who wants to know; to itself at once. */
inline tell_held(i) {
    if
    :: keeper[i] == 1 + i && acting[i] && holds[i] -> table[i] = 1 + i; table_epoch[i] = held_epoch[i]
    :: keeper[i] == 1 + OTHER -> control(i, HELD, held_epoch[i], holds[i])
    :: else
    fi
}

inline free_name(i) {
    holds[i] = false;
    if
    :: keeper[i] == 1 + i && table[i] == 1 + i -> table[i] = 0
    :: keeper[i] == 1 + OTHER -> control(i, FREED, 0, false)
    :: else
    fi
}

inline hold(i, given) {
    holds[i] = true;
    held_epoch[i] = given;
    asked[i] = 0;
    assert(!holds[OTHER]) /* one actor of one name */
}

/* on_grant: what comes from another leader than was asked last is late */
inline on_grant(i, given) {
    if
    :: asked[i] == 2 + OTHER && !holds[i] -> hold(i, given); tell_held(i)
    :: else -> control(i, FREED, 0, false)
    fi
}

inline on_wanted(i, its) {
    if
    :: its >= keeper_epoch[i] || leader[i] == 1 + OTHER || keeper[i] == 0 ->
        keeper[i] = 1 + OTHER;
        keeper_epoch[i] = its;
        tell_held(i)
    :: else
    fi
}

/* ---- names: the leader's table ---- */

#ifdef BUG_NO_MAJORITY
#define FOLLOWED(i) true
#else
#define FOLLOWED(i) (seconded[i] < MANDATE)
#endif
#define COMPLETE(i) (!listed[i] || told[i])
#define GIVES(i) (acting[i] && FOLLOWED(i) && reigned[i] >= MANDATE && COMPLETE(i))

/* ask_member */
inline want_names(i) {
#ifdef BUG_NOBODY_IS_ASKED
    told[i] = true
#else
    told[i] = false;
    control(i, WANTED, epoch[i], false)
#endif
}

/* The leader's own node asks. Whoever would have to wait for the name asks again another time. */
inline give_own(i) {
    if
    :: table[i] == 0 && GIVES(i) -> table[i] = 1 + i; table_epoch[i] = epoch[i]; hold(i, epoch[i])
    :: else -> asked[i] = 0
    fi
}

inline on_request(i) {
    if
    :: acting[i] && table[i] == 0 && GIVES(i) ->
        table[i] = 2 - i;
        table_epoch[i] = epoch[i];
        control(i, GRANT, epoch[i], true)
    :: acting[i] && !(table[i] == 0 && GIVES(i)) -> control(i, GRANT, 0, false)
    :: else
    fi
}

/* What the other one holds. */
inline on_held(i, one, given) {
    if
    :: acting[i] && one && table[i] == 1 + i && given > table_epoch[i] -> holds[i] = false; table[i] = 2 - i; table_epoch[i] = given
    :: acting[i] && one && table[i] == 1 + i && given <= table_epoch[i] -> control(i, TAKEN, 0, false)
    :: acting[i] && one && table[i] != 1 + i -> table[i] = 2 - i; table_epoch[i] = given
    :: acting[i] && !one && table[i] == 2 - i -> table[i] = 0
    :: else
    fi;
    told[i] = acting[i]
}

/* names_on_mandate in a new epoch */
inline open_table(i) {
    keeper[i] = 1 + i;
    keeper_epoch[i] = epoch[i];
    tell_held(i);
    if
    :: listed[i] -> want_names(i)
    :: else
    fi
}

/* ---- who leads ---- */

inline set_leader(i, who) {
    leader[i] = who;
    if
    :: who == 0 || who == 1 + OTHER -> epoch[i] = 0
    :: else
    fi
}

/* enter_epoch: 1 + its place + any multiple of 2 */
inline enter_epoch(i) {
    epoch[i] = highest_epoch[i] + 1;
    if
    :: (epoch[i] - 1) % 2 != i -> epoch[i]++
    :: else
    fi;
    highest_epoch[i] = epoch[i];
    assert(epoch[i] < 60);
    reigned[i] = 0;
    seconded[i] = MANDATE
}

/* convention_remove_member, when it has lost the other */
inline lose_other(i) {
    lost[i] = true; leads[i] = false; seconded[i] = MANDATE; heard[i] = false;
    drain(controls[OTHER]);
    if
    :: leader[i] == 1 + OTHER -> set_leader(i, 0)
    :: else
    fi;
    if
    :: acting[i] && listed[i] && table[i] == 1 + OTHER -> table[i] = 0
    :: else
    fi;
    keeper[i] = (keeper[i] == 1 + OTHER -> 0 : keeper[i]);
    listed[i] = false
}

#define ROSTER_OF_OTHER(i) (leader[i] == 2 - i && epoch[i] != 0)
#define SETTLED(i) (lost[i] || refused[i] > 0 || started[i] >= SETTLING || (heard[i] && (!leads[i] || ROSTER_OF_OTHER(i))))

#if defined(BUG_FIRST_STAYS_BEHIND)
#define TO_LEAD(i) lost[i]
#elif defined(BUG_BOTH_LEAD)
#define TO_LEAD(i) SETTLED(i)
#else
#define TO_LEAD(i) ((i == 0 || lost[i]) && SETTLED(i))
#endif

/* convention_succeed */
inline succeed(i) {
    if
    :: !acting[i] && TO_LEAD(i) ->
        listed[i] = listed[i] || (leader[i] == 1 + OTHER && epoch[i] != 0);
        acting[i] = true;
        set_leader(i, 1 + i);
        enter_epoch(i);
        table[i] = 0; table_epoch[i] = 0;
        open_table(i);
        say(i, HEARTBEAT, true);
        ask(i)
    :: else
    fi
}

inline give_way(i) {
    acting[i] = false;
    listed[i] = false;
    table[i] = 0;
    set_leader(i, 0);
    say(i, HEARTBEAT, false);
    say(i, REGISTER, true)
}

inline hear(i, from) {
    if
    :: peer[i] != from -> /* a later life */
        if
        :: peer[i] != 0 -> lose_other(i)
        :: else
        fi;
        peer[i] = from
    :: else
    fi;
    lost[i] = false; unheard[i] = 0; refused[i] = 0
}

/* Whether who says so follows this leader. */
#ifdef BUG_WHO_IS_LOST_FOLLOWS
#define FOLLOWS (its == epoch[i])
#else
#define FOLLOWS (its == epoch[i] && listed[i])
#endif

/* convention_on_candidates_word, on_leaders_word */
inline on_heartbeat(i, its, acts) {
    highest_epoch[i] = (its > highest_epoch[i] -> its : highest_epoch[i]);
    heard[i] = true;
    leads[i] = acts;
    if
#ifndef BUG_NO_WAY_IS_GIVEN
    :: acting[i] && acts && BEFORE -> give_way(i)
#endif
    :: acting[i] && acts && !BEFORE && its >= epoch[i] -> enter_epoch(i); open_table(i); say(i, HEARTBEAT, true)
    :: acting[i] && !acts && FOLLOWS -> seconded[i] = 0
    :: !acting[i] && leader[i] == 1 + OTHER && !acts -> set_leader(i, 0); say(i, REGISTER, true)
    :: !acting[i] && leader[i] == 1 + OTHER && acts && its != epoch[i] -> say(i, REGISTER, true)
    :: !acting[i] && leader[i] != 1 + OTHER && acts -> say(i, REGISTER, true)
    :: else
    fi
}

inline on_register(i) {
    if
    :: acting[i] ->
        if
        :: !listed[i] -> listed[i] = true; want_names(i)
        :: else
        fi;
        say(i, REGISTERED, true)
    :: else
    fi
}

inline on_registered(i, its) {
    if
    :: !acting[i] ->
        leader[i] = 1 + OTHER;
        epoch[i] = its;
        highest_epoch[i] = (its > highest_epoch[i] -> its : highest_epoch[i]);
        keeper[i] = (keeper[i] == 0 -> 1 + OTHER : keeper[i]);
        ask(i)
    :: else
    fi
}

inline begin_life(i) {
    leader[i] = 0; acting[i] = false; epoch[i] = 0; highest_epoch[i] = 0; peer[i] = 0;
    heard[i] = false; leads[i] = false; lost[i] = false; listed[i] = false; refused[i] = 0; unheard[i] = 0;
    reigned[i] = 0; seconded[i] = MANDATE; started[i] = 0;
    holds[i] = false; held_epoch[i] = 0; asked[i] = 0; keeper[i] = 0; keeper_epoch[i] = 0; table[i] = 0; table_epoch[i] = 0; told[i] = false
}

/* ---- the processes ---- */

byte deaths_left = DEATHS, cuts_left = CUTS, slips_left = SLIPS;

proctype candidate(byte i) {
    byte from, its;
    bool flag;
    mtype kind = HEARTBEAT;
end:
    do
    :: atomic { alive[i] && nempty(frames[i]) && len(frames[OTHER]) < 3 && len(controls[OTHER]) < 4 -> frames[i]?kind, from, its, flag;
        if
        :: from == life[OTHER] ->
            hear(i, from);
            if
            :: kind == HEARTBEAT -> on_heartbeat(i, its, flag)
            :: kind == REGISTER -> on_register(i)
            :: kind == REGISTERED -> on_registered(i, its)
            fi;
            succeed(i)
        :: else
        fi;
        from = 0; its = 0; flag = false; kind = HEARTBEAT }
    :: atomic { alive[i] && !cut && nempty(controls[i]) && len(frames[OTHER]) < 3 && len(controls[OTHER]) < 4 -> controls[i]?kind, from, its, flag;
        if
        :: from == life[OTHER] && from == peer[i] ->
            if
            :: kind == WANTED -> on_wanted(i, its)
            :: kind == HELD -> on_held(i, flag, its)
            :: kind == REQUEST -> on_request(i)
            :: kind == GRANT && flag -> on_grant(i, its)
            :: kind == GRANT && !flag -> asked[i] = (asked[i] == 2 + OTHER -> 0 : asked[i])
            :: kind == FREED && acting[i] && table[i] == 1 + OTHER -> table[i] = 0
            :: kind == TAKEN -> holds[i] = false
            :: else
            fi
        :: else
        fi;
        from = 0; its = 0; flag = false; kind = HEARTBEAT }
    /* A program of the node wants the name. */
    :: atomic { alive[i] && asks_left[i] > 0 && !holds[i] && asked[i] == 0 && leader[i] != 0 && len(controls[OTHER]) < 4 ->
        asks_left[i]--;
        asked[i] = 1;
        ask(i) }
    /* The actor that has it ends. */
    :: atomic { alive[i] && holds[i] && asks_left[i] > 0 && len(controls[OTHER]) < 4 -> free_name(i) }
    od
}

inline judge(i) {
    AGE(reigned[i], MANDATE);
    AGE(seconded[i], MANDATE);
    AGE(started[i], SETTLING);
    AGE(unheard[i], SILENT);
    if
    :: !alive[OTHER] && !silent[OTHER] && !cut -> AGE(refused[i], REFUSED)
    :: else
    fi;
    if
#ifndef BUG_NOBODY_SUCCEEDS
    :: !lost[i] && (unheard[i] == SILENT || refused[i] == REFUSED) -> lose_other(i)
#endif
    :: else
    fi;
    succeed(i)
}

/* A heartbeat passes when all that is under way has arrived. */
#define ARRIVED (!WAY || (empty(frames[0]) && empty(frames[1]) && empty(controls[0]) && empty(controls[1])))
#define FIRST (alive[0] -> 0 : 1)

proctype clock() {
    byte i;
end:
    do
    :: atomic { calm < CALM && ARRIVED ->
        assert(!(met && acting[0] && acting[1])); /* one leads at most */
        calm++;
        met = WAY;
        for (EACH) {
            if
            :: alive[i] -> judge(i)
            :: else
            fi
        }
        for (EACH) {
            if
            :: WAY -> say(i, HEARTBEAT, acting[i])
            :: else
            fi;
            if
            :: WAY && !acting[i] && (leader[i] == 0 || epoch[i] == 0 || calm == PERIOD) -> say(i, REGISTER, true)
            :: else
            fi
        }
        i = 0 }
    :: atomic { calm == CALM && ARRIVED && !cut ->
        i = FIRST;
        if
        :: alive[i] -> assert(acting[i]); assert(!alive[OTHER] || (leader[OTHER] == 1 + i && !acting[OTHER] && listed[i] && epoch[OTHER] == epoch[i]))
        :: else
        fi;
        i = 0;
        break }
    od
}

proctype faults() {
    byte i;
end:
    do
    :: atomic { calm < CALM && deaths_left > 0 && alive[0] -> i = 0; goto dies }
    :: atomic { calm < CALM && deaths_left > 0 && alive[1] -> i = 1;
dies:   deaths_left--;
        calm = 0; met = false;
        alive[i] = false;
        if
        :: silent[i] = true
        :: silent[i] = false
        fi;
        drain(frames[0]); drain(frames[1]); drain(controls[i]);
        begin_life(i);
        i = 0 }
    :: atomic { calm < CALM && !alive[0] && life[0] < LIVES -> i = 0; goto begins }
    :: atomic { calm < CALM && !alive[1] && life[1] < LIVES -> i = 1;
begins: life[i]++;
        calm = 0; met = false;
        alive[i] = true; silent[i] = false;
        i = 0 }
    :: atomic { calm < CALM && cuts_left > 0 && !cut -> cuts_left--; cut = true; calm = 0; met = false; drain(frames[0]); drain(frames[1]) }
    :: atomic { cut -> cut = false; calm = 0; met = false }
#if SLIPS > 0
    :: atomic { calm < CALM && slips_left > 0 && nempty(frames[0]) -> slips_left--; calm = 0; met = false; frames[0]?_, _, _, _ }
    :: atomic { calm < CALM && slips_left > 0 && nempty(frames[1]) -> slips_left--; calm = 0; met = false; frames[1]?_, _, _, _ }
#endif
    od
}

init {
    byte i;
    atomic {
        for (EACH) {
            begin_life(i)
        }
        i = 0;
        run candidate(0);
        run candidate(1);
        run clock();
        run faults()
    }
}
