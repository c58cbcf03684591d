/* A Source Authority that lets in what is signed: the bytes of a source are a signature by libsodium and, behind it, the bundle.
 *
 * It is told the public key once, as a message of that type, and registers itself then. */
#include <mesh/mesh.h>

#define AUTHORITY_KEY "signed.key"

extern const struct mesh_type authority_type; /* "signed.authority" */
