/* What the mill grinds: the prime factors of a number. It has nothing to do with actors, and each step uses it. */
#include <stdio.h>

/* Writes "2 * 2 * 3" for 12, and as much of it as finds room. Of a prime, of 0 and of 1 that is the number itself. */
static inline const char *factors(unsigned long number, char *text, size_t bytes) {
    size_t length = 0;
    for (unsigned long divisor = 2; divisor <= number / divisor && length < bytes; divisor++) {
        while (number % divisor == 0 && number > divisor && length < bytes) {
            length += (size_t)snprintf(text + length, bytes - length, "%lu * ", divisor);
            number /= divisor;
        }
    }
    if (length < bytes) {
        snprintf(text + length, bytes - length, "%lu", number);
    }
    return text;
}
