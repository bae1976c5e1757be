#ifndef MOCK_JSONROOM_H
#define MOCK_JSONROOM_H

#include <stddef.h>

#include <cjson/cJSON.h>

/*
 * Room for the JSON of the request at hand: of a chat request's 25 pieces of
 * memory none is asked of the system, and none is given back.  Each thread
 * has 32 KiB of it, for one tree at a time; what does not fit, and any other
 * JSON, comes from malloc as usual.
 */

/* From now on cJSON asks here.  Once, before there are threads. */
void mock_jsonroom_open(void);

/* As cJSON_ParseWithLength; the caller ends with mock_jsonroom_delete, in
   the same thread, and adds nothing to the tree. */
cJSON *mock_jsonroom_parse(const char *text, size_t length);
void mock_jsonroom_delete(cJSON *root); /* NULL is allowed */

#endif
