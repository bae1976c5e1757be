// Refusals and faults become the SDK's errors; its retries wait as told.
import assert from 'node:assert/strict';
import test from 'node:test';
import OpenAI from 'openai';
import { client, configured, control, hello, journal, key, start }
    from './daemon.mjs';

const free = ['--no-limits', '--latency', 'none'];
const ask = { model: 'gpt-4', messages: hello };
// A bucket of three requests, and the next one after 120 ms.
const narrow = { table: 'seed', latency: 'none', burst: 0.006,
                 organisations: [{ name: 'a', tier: 'tier1' }] };

function chat(daemon, options = {}, more = {}) {
    return client(daemon, { apiKey: key, ...options }).chat.completions
        .create({ ...ask, ...more });
}

// What a promise is rejected with.
async function error(promise) {
    try {
        await promise;
    } catch (e) {
        return e;
    }
    throw new Error('no error came');
}

test('mistakes', async (t) => {
    const daemon = await start(t, '--table', 'seed', '--latency', 'none');
    const wrong = await error(chat(daemon, { apiKey: 'no-key' }));
    assert.ok(wrong instanceof OpenAI.AuthenticationError);
    assert.equal(wrong.code, 'invalid_api_key');
    const model = await error(chat(daemon, {}, { model: 'gpt-99' }));
    assert.ok(model instanceof OpenAI.NotFoundError);
    assert.equal(model.code, 'model_not_found');
    const field = await error(chat(daemon, {}, { messages: [] }));
    assert.ok(field instanceof OpenAI.BadRequestError);
    assert.equal(field.type, 'invalid_request_error');
    assert.equal(field.param, 'messages');
    const embedder = await error(chat(daemon, {},
        { model: 'text-embedding-ada-002' }));
    assert.ok(embedder instanceof OpenAI.NotFoundError);
    assert.match(embedder.message, /This is not a chat model/);
    const chatter = await error(client(daemon, { apiKey: key }).embeddings
        .create({ model: 'gpt-4', input: 'a' }));
    assert.ok(chatter instanceof OpenAI.PermissionDeniedError);
    const path = await error(client(daemon).models.retrieve('gpt-99'));
    assert.ok(path instanceof OpenAI.NotFoundError);
});

test('a limit', async (t) => {
    const daemon = await start(t, '--table', 'seed', '--tier', 'free',
                               '--latency', 'none', '--speed', '0');
    for (let i = 0; i < 3; i++)
        await chat(daemon);
    const limit = await error(chat(daemon));
    assert.ok(limit instanceof OpenAI.RateLimitError);
    assert.equal(limit.code, 'rate_limit_exceeded');
    assert.equal(limit.type, 'requests');
    assert.equal(limit.headers.get('retry-after-ms'), '20000');
    assert.equal(limit.headers.get('x-ratelimit-limit-requests'), '200');
    assert.match(limit.requestID, /^req_/);
    assert.match(limit.message, /Limit 3, Used 3, Requested 1/);
});

test('no money left', async (t) => {
    const daemon = await configured(t, { table: 'seed', latency: 'none',
        organisations: [{ name: 'a', tier: 'tier1' }] });
    await control(daemon, '/mock/orgs',
                  { organisation: 'a', spent: 7, spend_max: 7 });
    const quota = await error(chat(daemon));
    assert.ok(quota instanceof OpenAI.RateLimitError);
    assert.equal(quota.code, 'insufficient_quota');
});

// One request is refused with a hint and comes again, not before its time.
function waited(requests, hint_ms) {
    const refused = requests.findIndex((r) => r.status === 429);
    const [before, after] = requests.slice(refused, refused + 2);
    assert.equal(before.retry, 0);
    assert.equal(after.retry, 1);
    assert.ok(after.time_ns - before.time_ns >= hint_ms * 1e6,
              `${(after.time_ns - before.time_ns) / 1e6} ms`);
    assert.equal(after.status, 200);
    assert.ok(requests.every((r) => !r.ignored_retry_after));
}

test('three a minute: the fourth waits 20 s', async (t) => {
    const daemon = await start(t, '--table', 'seed', '--tier', 'free',
        '--latency', 'none', '--fail-on-ignored-retry-after');
    for (let i = 0; i < 3; i++)
        await chat(daemon);
    const told = await error(chat(daemon));
    const least = Number(told.headers.get('retry-after-ms'));
    assert.ok(least > 15000 && least <= 20000);
    const began = performance.now();
    await chat(daemon, { maxRetries: 1 });
    assert.ok(performance.now() - began >= 15000);
    const requests = (await journal(daemon)).slice(4);
    waited(requests, 15000);
});

test('the hint to the millisecond', async (t) => {
    const daemon = await configured(t, narrow);
    let refused = 0;
    for (let i = 0; i < 8; i++)
        await chat(daemon, { maxRetries: 3 }, { max_tokens: 1 });
    const requests = await journal(daemon);
    for (const [i, r] of requests.entries()) {
        if (r.status !== 429)
            continue;
        refused++;
        // The bucket is refilled every 120 ms; the first of them is the wait.
        assert.equal(requests[i + 1].retry, r.retry + 1);
        assert.equal(requests[i + 1].status, 200);
        assert.equal(r.retry, 0);
    }
    assert.ok(refused > 0);
    assert.ok(requests.every((r) => !r.ignored_retry_after));
});

// A daemon whose faults a hand can take away again.
async function faulty(t, faults, ...options) {
    const daemon = await configured(t, { latency: 'none',
        organisations: [{ name: 'a', tier: 'tier5' }] }, ...options);
    await control(daemon, '/mock/faults', faults);
    return daemon;
}

test('an error of the server', async (t) => {
    for (const [name, status] of [['http_500', 500], ['http_503', 503]]) {
        const daemon = await faulty(t, { [name]: 1 });
        const e = await error(chat(daemon));
        assert.ok(e instanceof OpenAI.InternalServerError);
        assert.equal(e.status, status);
    }
});

test('an error of the server, and success', async (t) => {
    const daemon = await faulty(t,
        { http_500: { share: 1, until: '200ms' } });
    const data = await chat(daemon, { maxRetries: 3 });
    assert.ok(data.choices[0].message.content);
    const requests = await journal(daemon);
    assert.equal(requests[0].status, 500);
    assert.equal(requests.at(-1).status, 200);
    assert.deepEqual(requests.map((r) => r.retry),
                     requests.map((r, i) => i));
});

test('a broken connection', async (t) => {
    for (const name of ['reset', 'reset_in_head', 'reset_after_head']) {
        const daemon = await faulty(t, { [name]: 1 });
        const e = await error(chat(daemon));
        assert.ok(e instanceof OpenAI.APIConnectionError ||
                  e instanceof TypeError, `${name}: ${e}`);
        await control(daemon, '/mock/faults', {});
        await chat(daemon);
    }
});

test('an answer that is no JSON', async (t) => {
    const daemon = await faulty(t, { malformed: 1 });
    assert.ok(await error(chat(daemon)) instanceof Error);
});

test('a stream that is cut', async (t) => {
    const daemon = await faulty(t, { cut_stream: 1 });
    const stream = client(daemon, { apiKey: key }).chat.completions.stream(ask);
    assert.ok(await error(stream.finalChatCompletion()) instanceof Error);
});

test('no headers of limits', async (t) => {
    const daemon = await faulty(t, { no_headers: 1 });
    const { response } = await client(daemon, { apiKey: key }).chat.completions
        .create(ask).withResponse();
    assert.equal(response.headers.get('x-ratelimit-limit-requests'), null);
});

test('an answer that takes too long', async (t) => {
    const daemon = await start(t, '--no-limits', '--latency', '60s');
    const e = await error(chat(daemon, { timeout: 200 }));
    assert.ok(e instanceof OpenAI.APIConnectionTimeoutError);
    const gone = await error(client(daemon, { apiKey: key }).chat.completions
        .create(ask, { signal: AbortSignal.timeout(100) }));
    assert.ok(gone instanceof OpenAI.APIUserAbortError);
});

test('nobody there', async (t) => {
    const daemon = await start(t, ...free);
    daemon.child.kill('SIGTERM');
    await new Promise((done) => daemon.child.once('exit', done));
    const e = await error(chat(daemon));
    assert.ok(e instanceof OpenAI.APIConnectionError);
});
