#ifndef MOCK_MANNER_H
#define MOCK_MANNER_H

/*
 * How a daemon talks: the wording of which time, and whose dialect.  It
 * changes words and headers only, never what is decided.
 *
 * The API's sentences changed in 2023: at first they told a limit and what
 * was asked for, then for some months the wait for one unit alone, and since
 * November limit, use, request and the real wait.  Azure serves the same
 * models with its own paths, keys, errors and headers.
 */
enum mock_era {
    MOCK_ERA_NOW,         /* November 2023 to 2026 */
    MOCK_ERA_2022,        /* 2022 to February 2023 */
    MOCK_ERA_2023_SPRING, /* March and April 2023 */
    MOCK_ERA_2023,        /* May to October 2023 */
    MOCK_ERAS
};

enum mock_dialect { MOCK_OPENAI, MOCK_AZURE, MOCK_DIALECTS };

/* One of zeros is the default: OpenAI's API of today. */
struct mock_manner {
    enum mock_era era;
    enum mock_dialect dialect;
};

#endif
