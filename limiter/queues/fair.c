/*
 * fair: equal shares of tokens for the tenants of a limit group, by deficit
 * round robin; first come, first served within one.  A tenant's turn adds a
 * quantum to what it may spend and lasts while its head fits; what is left
 * is kept for its next turn, and lost when it has nothing that waits.
 *
 * Source: Shreedhar and Varghese 1995.  Two tenants that always have
 * something waiting differ by less than a quantum and the largest request
 * since both began, and by less than a quantum and two of the largest over
 * any time in between.  Starving: in n turns of each tenant a request of n
 * quanta is paid for.  Whoever is blocked keeps its turn: two tenants under
 * one limit of tokens, one with requests of 200 and one of 201, share it half
 * and half.  Pitfall: it shares what is sent, by estimate; and a large request
 * whose turn it is holds up small ones for as long as it waits, as first come,
 * first served does.
 */

#include "limiter/queues/queues.h"

const struct lim_queue lim_queue_fair = {
    .name = "fair",
    .summary = "equal tokens for each tenant: deficit round robin",
    .fair = true,
};
