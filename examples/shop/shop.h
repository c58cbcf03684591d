/* The shop: sells apples ("buy", an int) when it has been told its "price" and its "stock" (an int each), and closes when nobody has come for 300 ms.
 * To "wait" it gives no answer. */
#include <mesh/actor.h>

extern const struct mesh_type shop_type;
