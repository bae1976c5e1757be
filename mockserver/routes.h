#ifndef MOCK_ROUTES_H
#define MOCK_ROUTES_H

#include "mockserver/visit.h"

/* Finds the room of a question and goes there: authentication (under /v1)
   first; 404 and 405 as the API answers them. */
void mock_routes_go(struct mock_visit *v);

#endif
