/* A library that sources bring along, which says who it belongs to.
 *
 * SPDX-License-Identifier: MPL-2.0 */

const char *greeting(void);

__attribute__((visibility("default"))) const char *greeting(void) {
    return WORD;
}
