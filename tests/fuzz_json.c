/* What a provider's configuration may look like, from any bytes. */

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "mockserver/config.h"
#include "mockserver/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mock_config c;
    struct mock_json j;
    struct lim_diag d = { 0 };
    int error = LIM_OK;
    char *text = malloc(size + 1); /* exact, so that ASan guards it */
    if (text == NULL)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    cJSON *root = mock_json_parse(text, size, &d);
    assert((root == NULL) == (d.text[0] != '\0'));
    if (root != NULL && strstr(text, "\"table\"") == NULL) {
        mock_config_init(&c);
        mock_json_open(&j, root, "provider", &error, &d);
        mock_config_read(&c, &j, NULL);
        assert((error == LIM_OK) == (d.text[0] == '\0'));
        mock_config_fini(&c);
    }
    assert(strchr(d.text, '\n') == NULL);
    cJSON_Delete(root);
    free(text);
    return 0;
}
