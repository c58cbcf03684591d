/* What the shared library shows of itself.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_EXPORT_H
#define MESH_EXPORT_H

#define MESH_API __attribute__((visibility("default")))

/* For results that must not be dropped. */
#define MESH_MUST_USE __attribute__((warn_unused_result))

#endif
