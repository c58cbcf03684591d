/* SPDX-License-Identifier: MPL-2.0 */
#include "mesh/runtime/title.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

extern char **environ;

/* Where the arguments begin and where the environment behind them ends; false when the kernel does not tell. */
static bool find_room(char **begin, char **end) {
    FILE *file = fopen("/proc/self/stat", "re");
    if (!file) {
        return false;
    }
    char line[2048];
    size_t bytes = fread(line, 1, sizeof line - 1, file);
    (void)fclose(file);
    line[bytes] = 0;
    /* The second field may contain anything, so counting starts behind its closing parenthesis, at field 3. */
    const char *at = strrchr(line, ')');
    unsigned long arguments_begin = 0;
    unsigned long arguments_end = 0;
    unsigned long environment_begin = 0;
    unsigned long environment_end = 0;
    for (int field = 2; at && field < 48; field++) {
        at = strchr(at + 1, ' ');
    }
    if (!at ||
        sscanf(at, "%lu %lu %lu %lu", &arguments_begin, &arguments_end, &environment_begin, &environment_end) != 4 ||
        arguments_begin == 0 || arguments_end <= arguments_begin) {
        return false;
    }
    *begin = (char *)arguments_begin;
    *end = (char *)(environment_begin == arguments_end ? environment_end : arguments_end);
    return true;
}

/* The environment must not lie where the title goes. */
static bool move_environment(const char *begin, const char *end) {
    for (char **variable = environ; variable && *variable; variable++) {
        if (*variable >= begin && *variable < end) {
            char *copy = strdup(*variable);
            if (!copy) {
                return false;
            }
            *variable = copy;
        }
    }
    return true;
}

/* Of this process, and of those that it forks: the kernel takes its time to tell. NULL: not known yet, or no title can be shown. */
static char *room_begin, *room_end;

void title_prepare(void) {
    char *begin = NULL, *end = NULL;
    if (!room_begin && find_room(&begin, &end) && move_environment(begin, end)) {
        room_begin = begin;
        room_end = end;
    }
}

void title_set(const char *title) {
    (void)prctl(PR_SET_NAME, title, 0, 0, 0);
    title_prepare();
    if (room_begin) {
        size_t room = (size_t)(room_end - room_begin);
        memset(room_begin, 0, room);
        (void)snprintf(room_begin, room, "%s", title);
    }
}
