#ifndef MOCK_SERVE_H
#define MOCK_SERVE_H

#include <pthread.h>

#include "mockserver/api.h"
#include "mockserver/loop.h"
#include "mockserver/server.h"

/* The API on its wire: what mock_server_config's handler calls. */
struct mock_serve;

/*
 * None is owned.  `lock` is held while the API decides, for several of them
 * may serve one API, each in a thread of its own; NULL: there is one alone.
 * NULL: no memory.
 */
struct mock_serve *mock_serve_new(struct mock_api *api, struct mock_loop *loop,
                                  pthread_mutex_t *lock);

/* After the server; NULL is allowed. */
void mock_serve_free(struct mock_serve *s);

/* A mock_handler_fn; its context is a struct mock_serve. */
void mock_serve_handle(void *context, struct mock_exchange *x,
                       const struct mock_request *r);

/* mock_server_config's `drained`, of the same context: stops the loop. */
void mock_serve_drained(void *context);

#endif
