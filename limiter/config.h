#ifndef LIM_CONFIG_H
#define LIM_CONFIG_H

#include "limiter/error.h"
#include "limiter/pool.h"

/*
 * A pool's configuration: its defaults are lim_config_default of
 * limiter/pool.h, its ranges are checked here.  Internal to the pool.
 * Returns LIM_OK, or LIM_EINVAL and says in `diag` what is out of range.
 */
int lim_config_check(const struct lim_config *config, struct lim_diag *diag);

#endif
