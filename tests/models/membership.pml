/* Membership: one leader and its members, over links that break, lose, double and overtake, while all of them come and go.
 *
 *   member     on_registered.c, on_roster.c, on_deregister.c, on_invite.c, candidates.c, on_link.c
 *   leader     on_register.c, on_deregister.c, guests.c, roster.c, on_link.c, on_time.c
 *   operator   whoever has guests invited and sent away (S2A, S2G)
 *   faults     what links and processes do to them
 *
 * A name of a state is that of the field in the code, with l_ at the leader; `life` stands for the incarnation, 1 being the first. What is
 * braked (S4A) waits in a flag for as long as it likes. Overdue is when nothing is under way any more: then the periods of S1A, S1B and S2B
 * are over, where something comes of it. A link that is lost is replaced by the other of two channels; what is left in the old one comes
 * late, or not at all. A link that is up gives both ends their word of it at once, one that is down each when it likes.
 *
 * Each run ends, and where it ends leader and members agree, on each other and on who is not there. Never does a former
 * life of a node take the place of a later one (S1G).
 *
 * SPDX-License-Identifier: MPL-2.0 */

#ifndef MEMBERS
#define MEMBERS 1
#endif
#ifndef CONFIGURED
#define CONFIGURED 1 /* the members know their leader by their configuration */
#endif
#ifndef GUESTS
#define GUESTS 0 /* the leader's configuration pre-registers them */
#endif
#ifndef INVITATIONS
#define INVITATIONS 0 /* by the operator */
#endif
#ifndef DISMISSALS
#define DISMISSALS 0
#endif
#ifndef LOSSES
#define LOSSES 0 /* of links */
#endif
#ifndef RESTARTS
#define RESTARTS 0 /* of a member; its end is one, too */
#endif
#ifndef SUCCESSIONS
#define SUCCESSIONS 0 /* the same of the leader */
#endif
#ifndef SLIPS
#define SLIPS 0 /* frames that are lost or doubled without a word */
#endif
#ifndef MISTAKES
#define MISTAKES 0 /* a living node is taken for lost, by either side */
#endif
#ifndef FRAMES
#define FRAMES 2
#endif
#define LIVES 4

#define EACH i : 0 .. MEMBERS - 1
#define OTHER (MEMBERS - 1 - i) /* the other one of two, or the same */
#define BIT(n) (1 << (n))

/* ---- the wire ---- */

mtype = { NOTHING, REGISTER, REGISTER_FIRST, REGISTERED, REGISTERED_WHOLE, ROSTER, DEREGISTER, DISMISSED, INVITE };

/* Two for each member: of its present link, and of the one before. */
chan up[2 * MEMBERS] = [FRAMES] of { mtype, byte /* from */, byte /* to */, bool /* invited */ };
chan down[2 * MEMBERS] = [FRAMES] of { mtype, byte /* from */, byte /* to */, byte /* number */, byte /* since */,
                                       byte /* the other member that joined, 0 for none */, byte /* its lives that left, as bits */ };

/* ---- what is true, which no node knows ---- */

byte life[MEMBERS] = 1, l_life = 1;
bool alive[MEMBERS] = true, l_alive = true;
bool gone[MEMBERS], l_gone; /* for ever */
bool net[MEMBERS];   /* there is a link between the present lives */
bit side[MEMBERS];   /* whose channel is the present one */
#define UP up[2 * i + side[i]]
#define DOWN down[2 * i + side[i]]

/* ---- a member ---- */

byte leader[MEMBERS];                       /* 0 for none */
bool listed[MEMBERS];                       /* its roster is the present leader's: the epoch is not 0 */
byte number[MEMBERS], other[MEMBERS];       /* of that roster; which life of the other member is on it */
bool reign[MEMBERS];                        /* the other member was listed by the present leader */
bool candidate[MEMBERS];                    /* it has a candidate; without one it is idle (S2C) */
byte peer[MEMBERS];                         /* contact.peer, linked */
bool linked[MEMBERS], invited[MEMBERS], asked[MEMBERS];
mtype braked[MEMBERS] = NOTHING;            /* the registration that waits */
byte periods[MEMBERS];                      /* that it has registered again in, as nothing else was under way */
byte link_down[MEMBERS];                    /* the life to which the link was that broke, until it is told */

inline reset_contact(i) {
    peer[i] = 0;
    linked[i] = false;
    braked[i] = NOTHING
}

/* convention_go_idle */
inline go_idle(i) {
    reset_contact(i);
    candidate[i] = false
}

/* convention_remove_member, of the leader; convention_set_leader */
inline lose_leader(i) {
    if
    :: peer[i] == leader[i] -> reset_contact(i)
    :: else
    fi;
    leader[i] = 0;
    listed[i] = false;
    asked[i] = false;
    if
#ifdef BUG_ALL_GO_IDLE
    :: true -> go_idle(i)
#else
    :: invited[i] -> go_idle(i)
    :: else
#endif
    fi
}

inline ask_roster(i) {
    if
    :: !asked[i] -> asked[i] = true; braked[i] = REGISTER_FIRST
    :: else
    fi
}

/* convention_learn_member, convention_remove_member */
inline learn(i, who) {
    if
    :: who != 0 && who != other[i] -> other[i] = who
    :: else
    fi
}

inline take_roster(i) {
    if
    :: !listed[i] -> listed[i] = true; reign[i] = false
    :: else
    fi;
    if
    :: joined == 0 && other[i] != 0 && reign[i] -> other[i] = 0
    :: joined != 0 -> learn(i, joined); reign[i] = true
    :: else
    fi;
    number[i] = count;
    asked[i] = false
}

inline on_registered(i) {
    if
#ifndef BUG_LATE_ANSWER_ACCEPTED
    :: !candidate[i] || peer[i] != from -> skip
#endif
    :: else ->
        if
        :: leader[i] != from ->
            assert(leader[i] < from); /* nor is the leader (S1G) */
            leader[i] = from; listed[i] = false; asked[i] = false
        :: else
        fi;
        if
        :: kind == REGISTERED_WHOLE -> take_roster(i)
        :: kind == REGISTERED && (!listed[i] || count != number[i]) -> ask_roster(i)
        :: else
        fi
    fi
}

inline on_roster(i) {
    if
    :: leader[i] != from -> skip
    :: leader[i] == from && (!listed[i] || since > number[i]) -> ask_roster(i)
    :: else ->
        if
        :: count > number[i] ->
            if
            :: left & BIT(other[i]) && other[i] != 0 -> other[i] = 0
            :: else
            fi;
            learn(i, joined);
            reign[i] = reign[i] || joined != 0;
            number[i] = count
        :: else
        fi
    fi
}

inline on_deregister(i) {
    if
    :: leader[i] == from && kind == DISMISSED -> other[i] = 0; lose_leader(i)
    :: leader[i] == from && kind == DEREGISTER -> lose_leader(i)
    :: leader[i] != from && candidate[i] && peer[i] == from ->
        if
        :: kind == DEREGISTER -> reset_contact(i)
        :: else
        fi;
        if
        :: invited[i] && (kind == DISMISSED || leader[i] == 0) -> go_idle(i)
        :: else
        fi
    :: else
    fi
}

inline on_invite(i) {
    if
#ifndef BUG_LATE_INVITE_FOLLOWED
    :: candidate[i] && !(linked[i] && peer[i] == from) -> skip /* at most it calls, as it does anyway */
#endif
    :: else ->
        invited[i] = invited[i] || !candidate[i];
        candidate[i] = true;
        peer[i] = from;
        linked[i] = true;
        braked[i] = (leader[i] == from -> REGISTER : REGISTER_FIRST)
    fi
}

/* on_candidate_up: what was known of a former life is lost by S3B. */
inline on_link_up(i) {
    if
    :: candidate[i] && !(linked[i] && peer[i] == l_life) ->
        peer[i] = l_life;
        linked[i] = true;
        braked[i] = (leader[i] == l_life -> REGISTER : REGISTER_FIRST)
    :: else
    fi
}

inline begin_life(i) {
    leader[i] = 0; listed[i] = false; number[i] = 0; other[i] = 0; reign[i] = false;
    candidate[i] = CONFIGURED; invited[i] = false; asked[i] = false; link_down[i] = 0;
    reset_contact(i)
}

/* ---- the leader ---- */

byte l_listed[MEMBERS], l_joined[MEMBERS], l_told[MEMBERS]; /* the life on the roster, 0 for none; numbers of the roster */
byte l_followed[MEMBERS], l_hung_up[MEMBERS];               /* lives that were followed by another there, and from which nothing is taken
                                                               any more, as bits */
bool l_linked[MEMBERS];
bool l_braked[MEMBERS];                                     /* changes that wait for it */
byte l_left[MEMBERS * LIVES];                               /* departures: with which number each life left */
byte l_number;
bool guest[MEMBERS] = GUESTS, guest_linked[MEMBERS], guest_braked[MEMBERS];
byte guest_peer[MEMBERS];
byte l_link_down[MEMBERS];

#define LISTED_OTHER ((MEMBERS > 1) * l_listed[OTHER])
#define JOINED ((l_joined[OTHER] > l_told[i]) * l_listed[OTHER])
#define LEFT(n) ((l_left[OTHER * LIVES + n] > l_told[i]) * BIT(n))

inline count_change() {
    l_number++;
    assert(l_number < 60)
}

/* convention_tell_changes */
inline tell_changes(i) {
    if
    :: MEMBERS > 1 && l_listed[OTHER] != 0 && l_told[OTHER] != 0 && l_told[OTHER] != l_number -> l_braked[OTHER] = true
    :: else
    fi
}

/* convention_remove_member, convention_guest_left */
inline l_remove(i) {
    count_change();
    l_hung_up[i] = (l_linked[i] -> l_hung_up[i] : l_hung_up[i] | BIT(l_listed[i])); /* on_member_removed */
    l_left[i * LIVES + l_listed[i]] = l_number;
    if
    :: guest[i] && guest_peer[i] == l_listed[i] -> guest_peer[i] = 0; guest_linked[i] = false; guest_braked[i] = false
    :: else
    fi;
    l_listed[i] = 0; l_joined[i] = 0; l_told[i] = 0; l_linked[i] = false; l_braked[i] = false
}

/* process_send_frame: what cannot go is not kept. */
inline send_down(i, what, who, count, since, joined, left) {
    if
    :: net[i] && life[i] == who -> DOWN!what, l_life, who, count, since, joined, left
    :: else
    fi
}

/* convention_send_registered */
inline answer(i) {
    if
    :: kind == REGISTER_FIRST ->
        l_told[i] = l_number;
        send_down(i, REGISTERED_WHOLE, from, l_number, 0, LISTED_OTHER, 0)
    :: else -> send_down(i, REGISTERED, from, l_told[i], 0, 0, 0)
    fi
}

inline on_register(i) {
    if
    :: l_listed[i] == from -> l_linked[i] = true; answer(i)
#ifndef BUG_FORMER_LIFE_COMES_BACK
    :: l_listed[i] != 0 && l_listed[i] != from && l_linked[i] -> skip /* holder_of_endpoint */
#endif
#ifndef BUG_DISMISSED_COMES_BACK
    :: l_listed[i] != from && !(l_listed[i] != 0 && l_linked[i]) && was_invited && !guest[i] -> send_down(i, DISMISSED, from, 0, 0, 0, 0)
#endif
    :: else ->
        since = l_listed[i];
        if
        :: since != 0 ->
            assert(!(l_followed[i] & BIT(from))); /* no life is followed by the one before it (S1G) */
            l_followed[i] = l_followed[i] | BIT(since);
            l_remove(i)
        :: else -> count_change()
        fi;
        l_listed[i] = from;
        l_joined[i] = l_number;
        l_linked[i] = true;
        answer(i);
        if
        :: guest[i] -> guest_peer[i] = from; guest_linked[i] = true
        :: else
        fi;
        tell_changes(i)
    fi
}

/* convention_on_link_up of a leader: on_guest_up, enter_restarted */
inline l_on_link_up(i) {
    if
    :: guest[i] && !(guest_linked[i] && guest_peer[i] == life[i]) ->
        guest_peer[i] = life[i];
        guest_linked[i] = true;
        guest_braked[i] = guest_braked[i] || l_listed[i] != life[i]
    :: else
    fi;
    l_linked[i] = l_listed[i] == life[i]
}

inline l_begin_life() {
    for (EACH) {
        l_listed[i] = 0; l_joined[i] = 0; l_told[i] = 0; l_linked[i] = false; l_braked[i] = false; l_followed[i] = 0; l_hung_up[i] = 0;
        guest[i] = GUESTS; guest_linked[i] = false; guest_braked[i] = false; guest_peer[i] = 0; l_link_down[i] = 0
    }
    for (i : 0 .. MEMBERS * LIVES - 1) {
        l_left[i] = 0
    }
    l_number = 0;
    i = 0
}

/* ---- links ---- */

inline drop_link(i) {
    if
    :: net[i] ->
        net[i] = false;
        link_down[i] = l_life;
        l_link_down[i] = life[i];
        side[i] = 1 - side[i];
        do
        :: len(UP) > 0 -> UP?_, _, _, _
        :: len(DOWN) > 0 -> DOWN?_, _, _, _, _, _, _
        :: else -> break
        od
    :: else
    fi
}

/* Who wants the other calls; a call to somebody who is linked has its answer, too. */
#define MEMBER_CALLS (candidate[i] && !linked[i])
#define LEADER_CALLS ((l_listed[i] != 0 && !l_linked[i] && (!net[i] || l_listed[i] == life[i])) || \
                      (guest[i] && !guest_linked[i] && l_listed[i] != life[i]))

inline link(i) {
    net[i] = true;
    link_down[i] = (link_down[i] == l_life -> 0 : link_down[i]);
    l_link_down[i] = (l_link_down[i] == life[i] -> 0 : l_link_down[i]);
    l_hung_up[i] = l_hung_up[i] & ~BIT(life[i]);
    l_followed[i] = l_followed[i] & ~BIT(life[i]); /* that was a mistake */
    l_on_link_up(i);
    on_link_up(i)
}

/* ---- the processes ---- */

byte losses_left = LOSSES, restarts_left = RESTARTS, successions_left = SUCCESSIONS, slips_left = SLIPS, mistakes_left = MISTAKES;
byte invitations_left = INVITATIONS, dismissals_left = DISMISSALS;

#define QUIET_WITH(i) (empty(up[2 * i]) && empty(up[2 * i + 1]) && empty(down[2 * i]) && empty(down[2 * i + 1]) && braked[i] == NOTHING && \
                       !l_braked[i] && !guest_braked[i] && link_down[i] == 0 && l_link_down[i] == 0)
#define QUIET (QUIET_WITH(0) && QUIET_WITH((MEMBERS - 1)))
#define AGREES (leader[i] == l_life && l_listed[i] == life[i] && listed[i] && number[i] == l_number && \
                (MEMBERS == 1 || other[i] == l_listed[OTHER]))

#define PERIODS_HELP (!(leader[i] == l_life && l_listed[i] == life[i] && listed[i] && number[i] == l_number && \
                        (MEMBERS == 1 || other[i] == l_listed[OTHER] || !reign[i])) && (l_listed[i] == 0 || l_listed[i] == life[i]))

proctype member(byte i) {
    byte from, to, count, since, joined, left;
    mtype kind = NOTHING;
end:
    do
    :: atomic { alive[i] && nempty(down[2 * i]) -> down[2 * i]?kind, from, to, count, since, joined, left; goto take }
    :: atomic { alive[i] && nempty(down[2 * i + 1]) -> down[2 * i + 1]?kind, from, to, count, since, joined, left;
take:
        if
        :: to != life[i] -> skip
        :: to == life[i] && (kind == REGISTERED || kind == REGISTERED_WHOLE) -> on_registered(i)
        :: to == life[i] && kind == ROSTER -> on_roster(i)
        :: to == life[i] && (kind == DEREGISTER || kind == DISMISSED) -> on_deregister(i)
        :: to == life[i] && kind == INVITE -> on_invite(i)
        fi;
        from = 0; to = 0; count = 0; since = 0; joined = 0; left = 0; kind = NOTHING }
    :: atomic { alive[i] && braked[i] != NOTHING && nfull(UP) && nfull(DOWN) ->
        kind = braked[i];
        braked[i] = NOTHING;
        if
        :: linked[i] && peer[i] == l_life && net[i] -> UP!kind, life[i], l_life, invited[i]
        :: linked[i] && !net[i] && l_alive -> link(i) /* process_send_frame: its link is wanted, and whoever is there answers */
        :: else
        fi;
        kind = NOTHING }
    :: atomic { alive[i] && link_down[i] != 0 ->
        if
        :: candidate[i] && peer[i] == link_down[i] -> linked[i] = false
        :: else
        fi;
        link_down[i] = 0 }
    :: atomic { alive[i] && l_alive && MEMBER_CALLS && nfull(UP) && nfull(DOWN) -> link(i) }
    /* S3B: nobody listens there any more, or another life does. */
    :: atomic { alive[i] && leader[i] != 0 && (leader[i] != l_life || !l_alive) -> lose_leader(i) }
    /* is_abandoned */
    :: atomic { alive[i] && invited[i] && candidate[i] && leader[i] == 0 && QUIET &&
                (!l_alive || (linked[i] && peer[i] != l_life)) -> go_idle(i) }
#ifndef BUG_NO_PERIOD
    :: atomic { alive[i] && l_alive && QUIET && candidate[i] && linked[i] && (peer[i] == l_life || !net[i]) && PERIODS_HELP ->
        periods[i]++;
        assert(periods[i] < 8); /* else asking has no end */
        asked[i] = false;
        braked[i] = (leader[i] == peer[i] -> REGISTER : REGISTER_FIRST) }
#endif
#ifndef BUG_ROSTER_STAYS
    /* convention_on_reckoning: it has not come to the new leader. */
    :: atomic { alive[i] && l_alive && QUIET && listed[i] && other[i] != 0 && !reign[i] && !AGREES -> other[i] = 0 }
#endif
    od
}

/* What it has to do with that member. */
proctype leads(byte i) {
    byte from, to, since;
    mtype kind = NOTHING;
    bool was_invited;
end:
    do
    :: atomic { l_alive && nempty(up[2 * i]) && nfull(DOWN) -> up[2 * i]?kind, from, to, was_invited; goto take }
    :: atomic { l_alive && nempty(up[2 * i + 1]) && nfull(DOWN) -> up[2 * i + 1]?kind, from, to, was_invited;
take:
        if
        :: to != l_life || l_hung_up[i] & BIT(from) -> kind = NOTHING
        :: else
        fi;
        if
        :: (kind == REGISTER || kind == REGISTER_FIRST) -> on_register(i)
        :: kind == DEREGISTER ->
            if
            :: l_listed[i] == from -> l_remove(i); tell_changes(i)
            :: else
            fi
        :: else
        fi;
        from = 0; to = 0; since = 0; kind = NOTHING; was_invited = false }
    :: atomic { l_alive && l_braked[i] && nfull(DOWN) ->
        if
        :: l_listed[i] != 0 && l_told[i] != 0 && l_told[i] != l_number ->
            send_down(i, ROSTER, l_listed[i], l_number, l_told[i], JOINED, LEFT(1) + LEFT(2) + LEFT(3));
            l_told[i] = l_number
        :: else
        fi;
        l_braked[i] = false }
    :: atomic { l_alive && guest_braked[i] && nfull(DOWN) ->
        if
        :: guest[i] && guest_linked[i] -> send_down(i, INVITE, guest_peer[i], 0, 0, 0, 0)
        :: else
        fi;
        guest_braked[i] = false }
    :: atomic { l_alive && l_link_down[i] != 0 ->
        if
        :: guest[i] && guest_peer[i] == l_link_down[i] -> guest_linked[i] = false
        :: else
        fi;
        if
        :: l_listed[i] == l_link_down[i] -> l_linked[i] = false
        :: else
        fi;
        l_link_down[i] = 0 }
    :: atomic { l_alive && alive[i] && LEADER_CALLS && nfull(UP) && nfull(DOWN) -> link(i) }
#ifndef BUG_LOST_STAYS
    :: atomic { l_alive && l_listed[i] != 0 && (!l_linked[i] || QUIET) && (l_listed[i] != life[i] || !alive[i]) -> l_remove(i); tell_changes(i) }
#endif
#ifndef BUG_IDLE_STAYS
    /* S1D: it does not register, since it is idle. */
    :: atomic { l_alive && alive[i] && QUIET && l_listed[i] == life[i] && !candidate[i] -> l_remove(i); tell_changes(i) }
#endif
#ifndef BUG_INVITED_ONCE
    /* S2B */
    :: atomic { l_alive && alive[i] && QUIET && guest[i] && guest_linked[i] && guest_peer[i] == life[i] && net[i] &&
                l_listed[i] != life[i] -> guest_braked[i] = true }
#endif
    od
}

proctype operator() {
    byte i;
end:
    do
    :: atomic { invitations_left > 0 && l_alive -> invitations_left--;
        if
        :: i = 0
        :: i = MEMBERS - 1
        fi;
        guest[i] = true;
        if
        :: l_listed[i] != 0 -> guest_peer[i] = l_listed[i]; guest_linked[i] = true
        :: else
        fi;
        guest_braked[i] = guest_linked[i];
        i = 0 }
    :: atomic { dismissals_left > 0 && l_alive && nfull(down[side[0]]) && nfull(down[2 * (MEMBERS - 1) + side[MEMBERS - 1]]) ->
        dismissals_left--;
        if
        :: i = 0
        :: i = MEMBERS - 1
        fi;
        if
        :: l_listed[i] != 0 -> send_down(i, DISMISSED, l_listed[i], 0, 0, 0, 0); l_remove(i); tell_changes(i)
        :: l_listed[i] == 0 && guest_linked[i] -> send_down(i, DISMISSED, guest_peer[i], 0, 0, 0, 0)
        :: else
        fi;
        guest[i] = false; guest_peer[i] = 0; guest_linked[i] = false; guest_braked[i] = false;
        i = 0 }
    od
}

proctype faults(byte i) {
    byte from, to, count, since, joined, left;
    mtype kind = NOTHING;
    bool flag;
end:
    do
    :: atomic { losses_left > 0 && net[i] -> losses_left--; drop_link(i) }
    /* What the earlier link had is lost, in part or all. */
    :: atomic { nempty(up[2 * i + 1 - side[i]]) -> up[2 * i + 1 - side[i]]?_, _, _, _ }
    :: atomic { nempty(down[2 * i + 1 - side[i]]) -> down[2 * i + 1 - side[i]]?_, _, _, _, _, _, _ }
    /* A member dies, with or without a word, and comes back. */
    :: atomic { restarts_left > 0 && alive[i] && life[i] < LIVES - 1 -> restarts_left--;
        if
        :: true
        :: leader[i] != 0 && net[i] && nfull(UP) -> UP!DEREGISTER, life[i], leader[i], false
        fi;
        alive[i] = false;
        if
        :: gone[i] = true
        :: true
        fi;
        drop_link(i);
        begin_life(i) }
    :: atomic { !alive[i] && !gone[i] -> life[i]++; alive[i] = true }
    /* The leader: all its links go. */
    :: atomic { i == 0 && successions_left > 0 && l_alive && nfull(DOWN) && nfull(down[2 * (MEMBERS - 1) + side[MEMBERS - 1]]) ->
        successions_left--;
        flag = true;
        if
        :: true -> flag = false
        :: true
        fi;
        for (EACH) {
            if
            :: flag && (l_listed[i] != 0 || guest_linked[i]) ->
                send_down(i, DEREGISTER, life[i], 0, 0, 0, 0)
            :: else
            fi;
            drop_link(i)
        }
        l_alive = false;
        if
        :: l_gone = true
        :: true
        fi;
        l_begin_life();
        flag = false }
    :: atomic { i == 0 && !l_alive && !l_gone -> l_life++; l_alive = true }
#if SLIPS > 0
    :: atomic { slips_left > 0 && nempty(UP) -> slips_left--; UP?_, _, _, _ }
    :: atomic { slips_left > 0 && nempty(DOWN) -> slips_left--; DOWN?_, _, _, _, _, _, _ }
    :: atomic { slips_left > 0 && nempty(UP) && nfull(up[2 * i + 1 - side[i]]) -> slips_left--;
        UP?<kind, from, to, flag>; up[2 * i + 1 - side[i]]!kind, from, to, flag;
        from = 0; to = 0; kind = NOTHING; flag = false }
    :: atomic { slips_left > 0 && nempty(DOWN) && nfull(down[2 * i + 1 - side[i]]) -> slips_left--;
        DOWN?<kind, from, to, count, since, joined, left>; down[2 * i + 1 - side[i]]!kind, from, to, count, since, joined, left;
        from = 0; to = 0; count = 0; since = 0; joined = 0; left = 0; kind = NOTHING }
#endif
#if MISTAKES > 0
    /* The leader takes a member for lost, or the other way round; with its link, or not. */
    :: atomic { mistakes_left > 0 && l_alive && l_listed[i] != 0 -> mistakes_left--;
        l_remove(i); tell_changes(i);
        if
        :: true
        :: drop_link(i)
        fi }
    :: atomic { mistakes_left > 0 && alive[i] && leader[i] != 0 -> mistakes_left--;
        lose_leader(i);
        if
        :: true
        :: drop_link(i)
        fi }
#endif
    od
}

/* Where nothing can happen any more, all agree. */
proctype at_rest() {
    byte i;
    atomic { timeout ->
        for (EACH) {
            if
            :: l_alive && alive[i] && (CONFIGURED || guest[i]) -> assert(AGREES)
            :: l_alive && alive[i] && !CONFIGURED && !guest[i] -> assert(l_listed[i] == 0 && leader[i] == 0 && !candidate[i])
            :: l_alive && !alive[i] -> assert(l_listed[i] == 0)
            :: !l_alive && alive[i] -> assert(leader[i] == 0 && (CONFIGURED || !candidate[i]))
            :: else
            fi
        }
    }
}

init {
    byte i;
    atomic {
        for (EACH) {
            begin_life(i);
            run member(i);
            run leads(i);
            run faults(i)
        }
        i = 0;
        run operator();
        run at_rest()
    }
}
