#ifndef MOCK_CREW_H
#define MOCK_CREW_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "mockserver/api.h"
#include "mockserver/loop.h"
#include "mockserver/server.h"

/*
 * The threads that serve beside the daemon's own: each has a loop on the same
 * clock and a server on the same port, between which the system spreads the
 * connections, and all ask one API, one at a time.
 */
struct mock_crew;

struct mock_crew_config {
    struct mock_api *api;
    pthread_mutex_t *lock;            /* that mock_serve_new has, too */
    const struct mock_loop *loop;     /* whose clock it is */
    struct mock_server_config server; /* which shares its port */
    const char *host;
    uint16_t port;
    unsigned threads; /* >= 1, of the crew alone */
};

/* Starts to serve.  NULL and errno: no threads, no memory, no port. */
struct mock_crew *mock_crew_start(const struct mock_crew_config *config);

/* Ends in good order, or at once.  Neither waits; NULL is allowed for each
   of these. */
void mock_crew_drain(struct mock_crew *c);
void mock_crew_stop(struct mock_crew *c);

/* Tells whether all have ended. */
bool mock_crew_ended(struct mock_crew *c);

/* Waits for the ends of all, and frees; NULL is allowed. */
void mock_crew_free(struct mock_crew *c);

#endif
