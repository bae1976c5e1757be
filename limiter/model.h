#ifndef LIM_MODEL_H
#define LIM_MODEL_H

#include <stddef.h>

/*
 * A dated snapshot is a model's name with "-MMDD" or "-YYYY-MM-DD" after it,
 * and perhaps "-preview" after that: "gpt-4-0613" and "gpt-4-1106-preview"
 * are snapshots of gpt-4, "gpt-4-turbo" is not.
 */

/*
 * Returns how many of the `length` bytes of `model` name its base; `length`
 * itself when it is no dated snapshot.
 */
size_t lim_model_base(const char *model, size_t length);

#endif
