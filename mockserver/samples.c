#include "mockserver/samples.h"

void mock_samples_begin(struct mock_text *b, const char *prefix,
                        const char *name, const char *type, const char *help)
{
    mock_text_printf(b, "# HELP %s%s %s\n# TYPE %s%s %s\n", prefix, name, help,
                     prefix, name, type);
}

void mock_samples_label(struct mock_text *b, const char *key, const char *value)
{
    mock_text_printf(b, "%s=\"", key);
    for (; *value != '\0'; value++) {
        if (*value == '\n') {
            mock_text_puts(b, "\\n");
            continue;
        }
        if (*value == '"' || *value == '\\')
            mock_text_puts(b, "\\");
        mock_text_add(b, value, 1);
    }
    mock_text_puts(b, "\"");
}
