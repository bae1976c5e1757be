#ifndef LIM_LIMITER_H
#define LIM_LIMITER_H

/*
 * The whole face of the limiter; each header also stands alone.
 *
 *     #include <limiter/limiter.h>
 *     cc program.c $(pkg-config --cflags --libs limiter)
 */
#include "limiter/apierror.h"
#include "limiter/backoff.h"
#include "limiter/blocking.h"
#include "limiter/breaker.h"
#include "limiter/budget.h"
#include "limiter/cap.h"
#include "limiter/divide.h"
#include "limiter/duration.h"
#include "limiter/error.h"
#include "limiter/feedback.h"
#include "limiter/headers.h"
#include "limiter/limits.h"
#include "limiter/meter.h"
#include "limiter/pool.h"
#include "limiter/price.h"
#include "limiter/queue.h"
#include "limiter/rng.h"
#include "limiter/strategy.h"
#include "limiter/tier.h"
#include "limiter/time.h"
#include "limiter/timerq.h"
#include "limiter/window.h"

#endif
