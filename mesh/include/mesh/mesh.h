/* All of the library's public interface, for those who use it.
 *
 * SPDX-License-Identifier: MPL-2.0 */
#ifndef MESH_MESH_H
#define MESH_MESH_H

#include <mesh/actor.h>
#include <mesh/address.h>
#include <mesh/convention.h>
#include <mesh/endpoint.h>
#include <mesh/error.h>
#include <mesh/host.h>
#include <mesh/key.h>
#include <mesh/log.h>
#include <mesh/message.h>
#include <mesh/node.h>
#include <mesh/report.h>
#include <mesh/source.h>
#include <mesh/spawner.h>
#include <mesh/status.h>
#include <mesh/version.h>

#endif
