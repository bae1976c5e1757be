/* What models are for, by their names, and who is refused where. */

#include <CUnit/CUnit.h>

#include "mockserver/family.h"
#include "tests/ask.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

#define KEY "Bearer sk-mock-a-1"
#define NO_LIMITS                                                              \
    "{\"table\":\"none\",\"latency\":\"none\",\"organisations\":"              \
    "[{\"name\":\"a\"}]}"
#define HI "\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]"
#define MODEL(name, more) "{\"model\":\"" name "\"," more "}"

static void names_tell_what_a_model_is_for(void)
{
    const struct {
        const char *model;
        enum mock_family family;
        bool reasons;
        int64_t reply_max;
    } rows[] = {
        { "gpt-4", MOCK_FAMILY_CHAT, false, -1 },
        { "gpt-4o-mini-2024-07-18", MOCK_FAMILY_CHAT, false, 16384 },
        { "gpt-4o-2024-05-13", MOCK_FAMILY_CHAT, false, 4096 },
        { "gpt-4o-audio-preview", MOCK_FAMILY_CHAT, false, 16384 },
        { "gpt-3.5-turbo-0125", MOCK_FAMILY_CHAT, false, 4096 },
        { "chatgpt-4o-latest", MOCK_FAMILY_CHAT, false, -1 },
        { "o1", MOCK_FAMILY_CHAT, true, -1 },
        { "o3-mini", MOCK_FAMILY_CHAT, true, -1 },
        { "gpt-5-nano", MOCK_FAMILY_CHAT, true, -1 },
        { "gpt-5-prompt", MOCK_FAMILY_CHAT, true, -1 },
        { "gpt-5-pro", MOCK_FAMILY_RESPONSES, true, -1 },
        { "o1-pro-2025-03-19", MOCK_FAMILY_RESPONSES, true, -1 },
        { "gpt-5.2-codex", MOCK_FAMILY_RESPONSES, true, -1 },
        { "codex-mini-latest", MOCK_FAMILY_RESPONSES, false, -1 },
        { "o4-mini-deep-research", MOCK_FAMILY_RESPONSES, true, -1 },
        { "gpt-image-2-codex", MOCK_FAMILY_OTHER, false, -1 },
        { "gpt-6-sol", MOCK_FAMILY_CHAT, true, -1 },
        { "gpt-3.5-turbo-instruct", MOCK_FAMILY_COMPLETION, false, 4096 },
        { "davinci-002", MOCK_FAMILY_COMPLETION, false, -1 },
        { "text-davinci-003", MOCK_FAMILY_COMPLETION, false, -1 },
        { "text-embedding-3-small", MOCK_FAMILY_EMBEDDING, false, -1 },
        { "gpt-image-1", MOCK_FAMILY_OTHER, false, -1 },
        { "gpt-transcribe", MOCK_FAMILY_TRANSCRIPTION, false, -1 },
        { "gpt-4o-mini-tts", MOCK_FAMILY_SPEECH, false, 16384 },
        { "tts-1-hd", MOCK_FAMILY_SPEECH, false, -1 },
        { "gpt-4o-realtime-preview", MOCK_FAMILY_OTHER, false, 16384 },
        { "dall-e-3", MOCK_FAMILY_OTHER, false, -1 },
        { "whisper-1", MOCK_FAMILY_TRANSCRIPTION, false, -1 },
        { "omni-moderation-latest", MOCK_FAMILY_MODERATION, false, -1 },
        { "omni-4", MOCK_FAMILY_ANY, false, -1 },
        { "my-gpt-4", MOCK_FAMILY_ANY, false, -1 },
        { "m", MOCK_FAMILY_ANY, false, -1 },
        { "", MOCK_FAMILY_ANY, false, -1 },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        CU_ASSERT_EQUAL(mock_family_of(rows[i].model), rows[i].family);
        CU_ASSERT_EQUAL(mock_family_reasons(rows[i].model), rows[i].reasons);
        CU_ASSERT_EQUAL(mock_family_reply_max(rows[i].model),
                        rows[i].reply_max);
    }
}

static void who_comes_to_another_room_is_refused(void)
{
    const struct ask_row rows[] = {
        { KEY, "POST", "/v1/chat/completions", MODEL("whisper-1", HI), 404,
          "This is not a chat model" },
        { KEY, "POST", "/v1/completions", MODEL("o1", "\"prompt\":\"a\""), 404,
          "This is a chat model" },
        { KEY, "POST", "/v1/embeddings", MODEL("gpt-4o", "\"input\":\"a\""),
          403, "You are not allowed to generate embeddings from this model" },
        { KEY, "POST", "/v1/responses",
          MODEL("text-embedding-3-small", "\"input\":\"a\""), 404,
          "The requested model 'text-embedding-3-small' is not supported with "
          "the Responses API." },
        { KEY, "POST", "/v1/chat/completions", MODEL("o3-pro", HI), 404,
          "This model is only supported in v1/responses and not in "
          "v1/chat/completions." },
        { KEY, "POST", "/v1/completions",
          MODEL("gpt-5-codex", "\"prompt\":\"a\""), 404,
          "This is a chat model" },
        { KEY, "POST", "/v1/responses", MODEL("gpt-5-pro", "\"input\":\"a\""),
          200, "" },
        { KEY, "POST", "/v1/chat/completions", MODEL("mine", HI), 200, "" },
        { KEY, "POST", "/v1/completions", MODEL("mine", "\"prompt\":\"a\""),
          200, "" },
        { KEY, "POST", "/v1/embeddings", MODEL("mine", "\"input\":\"a\""), 200,
          "" },
        { KEY, "POST", "/v1/responses", MODEL("mine", "\"input\":\"a\""), 200,
          "" },
    };
    struct ask f;
    ask_set_up(&f, NO_LIMITS);
    ask_play(&f, rows, COUNT(rows));
    ask_tear_down(&f);
}

static void azure_has_words_of_its_own(void)
{
    struct ask f;
    ask_set_up(&f, "{\"table\":\"none\",\"latency\":\"none\",\"dialect\":"
                   "\"azure\",\"organisations\":[{\"name\":\"a\"}]}");
    struct mock_question q = {
        .method = ask_slice("POST"),
        .path = ask_slice("/openai/deployments/text-embedding-3-large/chat/"
                          "completions"),
        .query = ask_slice("api-version=2024-10-21"),
        .api_key = ask_slice("sk-mock-a-1"),
        .body = ask_slice("{" HI "}"),
        .now = f.now
    };
    CU_ASSERT_EQUAL(ask_question(&f, &q), 400);
    CU_ASSERT_TRUE(ask_says(&f, "\"code\":\"OperationNotSupported\""));
    CU_ASSERT_TRUE(ask_says(&f, "The chatCompletion operation does not work "
                                "with the specified model, "
                                "text-embedding-3-large."));
    ask_tear_down(&f);
}

static void thinkers_want_the_newer_bound(void)
{
    const struct ask_row rows[] = {
        { KEY, "POST", "/v1/chat/completions",
          MODEL("o1", "\"max_tokens\":9," HI), 400,
          "Unsupported parameter: 'max_tokens' is not supported with this "
          "model. Use 'max_completion_tokens' instead." },
        { KEY, "POST", "/v1/chat/completions",
          MODEL("o1", "\"max_completion_tokens\":9," HI), 200, "" },
    };
    struct ask f;
    ask_set_up(&f, NO_LIMITS);
    ask_play(&f, rows, COUNT(rows));
    ask_tear_down(&f);
}

CU_TestInfo family_tests[] = {
    { "names tell what a model is for", names_tell_what_a_model_is_for },
    { "who comes to another room is refused",
      who_comes_to_another_room_is_refused },
    { "Azure has words of its own", azure_has_words_of_its_own },
    { "thinkers want the newer bound", thinkers_want_the_newer_bound },
    CU_TEST_INFO_NULL
};
