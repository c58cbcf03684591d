/* A shared object that is no module.
 *
 * SPDX-License-Identifier: MPL-2.0 */
int no_module_at_all(void);

int no_module_at_all(void) {
    return 0;
}
