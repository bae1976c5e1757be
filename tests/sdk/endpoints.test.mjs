// Every endpoint, called by the official SDK.
import assert from 'node:assert/strict';
import test from 'node:test';
import { inflateSync } from 'node:zlib';
import { toFile } from 'openai';
import { zodResponseFormat, zodTextFormat, zodFunction }
    from 'openai/helpers/zod';
import { z } from 'zod';
import { azure, client, hello, start } from './daemon.mjs';

const free = ['--no-limits', '--latency', 'none'];
const model = 'gpt-4o';
const Event = z.object({ name: z.string(), guests: z.array(z.string()),
                         day: z.enum(['Monday', 'Friday']) });
const weather = { type: 'function', function: { name: 'weather',
    parameters: { type: 'object', properties: { city: { type: 'string' } },
                  required: ['city'] } } };

// The width and height, after all of its pixels were unpacked.
function png(bytes) {
    assert.equal(bytes.toString('latin1', 0, 8), '\x89PNG\r\n\x1a\n');
    const parts = [];
    for (let at = 8; at < bytes.length;) {
        const length = bytes.readUInt32BE(at);
        if (bytes.toString('latin1', at + 4, at + 8) === 'IDAT')
            parts.push(bytes.subarray(at + 8, at + 8 + length));
        at += 12 + length;
    }
    assert.ok(inflateSync(Buffer.concat(parts)).length > 0);
    return [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
}

async function texts(stream, pick) {
    let all = '';
    for await (const part of stream)
        all += pick(part) ?? '';
    return all;
}

test('chat completions', async (t) => {
    const api = client(await start(t, ...free));
    const chat = api.chat.completions;
    await t.test('whole', async () => {
        const { data, request_id } = await chat.create(
            { model, messages: hello }).withResponse();
        assert.equal(data.object, 'chat.completion');
        assert.ok(data.choices[0].message.content.length > 0);
        assert.equal(data.usage.total_tokens,
                     data.usage.prompt_tokens + data.usage.completion_tokens);
        assert.match(request_id, /^req_/);
        assert.equal(data._request_id, request_id);
    });
    await t.test('n choices', async () => {
        const data = await chat.create({ model, messages: hello, n: 3 });
        assert.deepEqual(data.choices.map((c) => c.index), [0, 1, 2]);
    });
    await t.test('a bound', async () => {
        const data = await chat.create({ model, messages: hello,
                                         max_completion_tokens: 2 },
            { headers: { 'x-mock-completion-tokens': '9' } });
        assert.equal(data.choices[0].finish_reason, 'length');
        assert.equal(data.usage.completion_tokens, 2);
    });
    await t.test('a stream', async () => {
        const stream = await chat.create({ model, messages: hello,
                                           stream: true });
        const text = await texts(stream,
            (c) => { assert.ok(!c.usage); return c.choices[0].delta.content; });
        assert.ok(text.length > 0);
    });
    await t.test('a stream with its usage', async () => {
        const stream = await chat.create({ model, messages: hello, stream: true,
            stream_options: { include_usage: true } });
        let last;
        await texts(stream, (c) => { last = c; return ''; });
        assert.deepEqual(last.choices, []);
        assert.ok(last.usage.completion_tokens > 0);
    });
    await t.test('the helper for streams', async () => {
        const stream = chat.stream({ model, messages: hello });
        let text = '';
        stream.on('content', (delta) => { text += delta; });
        const whole = await stream.finalChatCompletion();
        assert.equal(whole.choices[0].message.content, text);
        assert.equal(whole.choices[0].finish_reason, 'stop');
    });
    await t.test('a tool', async () => {
        const data = await chat.create({ model, messages: hello,
            tools: [weather], tool_choice: 'required' });
        const call = data.choices[0].message.tool_calls[0];
        assert.equal(data.choices[0].finish_reason, 'tool_calls');
        assert.equal(call.function.name, 'weather');
        assert.equal(typeof JSON.parse(call.function.arguments).city, 'string');
        const next = await chat.create({ model, messages: [...hello,
            data.choices[0].message,
            { role: 'tool', tool_call_id: call.id, content: 'rain' }] });
        assert.ok(next.choices[0].message.content.length > 0);
    });
    await t.test('a streamed tool', async () => {
        const whole = await chat.stream({ model, messages: hello,
            tools: [weather], tool_choice: 'required' }).finalChatCompletion();
        const call = whole.choices[0].message.tool_calls[0];
        assert.equal(typeof JSON.parse(call.function.arguments).city, 'string');
    });
    await t.test('runTools runs a tool', async () => {
        const cities = [];
        const runner = chat.runTools({ model, messages: hello,
            tool_choice: { type: 'function', function: { name: 'weather' } },
            tools: [{ type: 'function', function: {
                ...weather.function, parse: JSON.parse,
                function: ({ city }) => { cities.push(city); return 'rain'; },
            } }] });
        await runner.done();
        assert.equal(cities.length, 1);
    });
    await t.test('JSON', async () => {
        const data = await chat.create({ model,
            messages: [{ role: 'user', content: 'answer in JSON' }],
            response_format: { type: 'json_object' } });
        JSON.parse(data.choices[0].message.content);
    });
    await t.test('parse: a schema', async () => {
        const data = await chat.parse({ model, messages: hello,
            response_format: zodResponseFormat(Event, 'event') });
        Event.parse(data.choices[0].message.parsed);
    });
    await t.test('parse: a tool', async () => {
        const data = await chat.parse({ model, messages: hello,
            tool_choice: 'required',
            tools: [zodFunction({ name: 'event', parameters: Event })] });
        Event.parse(data.choices[0].message.tool_calls[0]
            .function.parsed_arguments);
    });
});

test('responses', async (t) => {
    const api = client(await start(t, ...free));
    await t.test('whole', async () => {
        const data = await api.responses.create({ model, input: 'hello' });
        assert.equal(data.status, 'completed');
        assert.ok(data.output_text.length > 0);
    });
    await t.test('a stream', async () => {
        const stream = await api.responses.create({ model, input: 'hello',
                                                    stream: true });
        let text = '', last, number = 0;
        for await (const event of stream) {
            assert.equal(event.sequence_number, number++);
            if (event.type === 'response.output_text.delta')
                text += event.delta;
            last = event;
        }
        assert.equal(last.type, 'response.completed');
        assert.equal(last.response.output[0].content[0].text, text);
    });
    await t.test('the helper for streams', async () => {
        const stream = api.responses.stream({ model, input: 'hello' });
        const whole = await stream.finalResponse();
        assert.ok(whole.output_text.length > 0);
    });
    await t.test('parse: a schema', async () => {
        const data = await api.responses.parse({ model, input: 'hello',
            text: { format: zodTextFormat(Event, 'event') } });
        Event.parse(data.output_parsed);
    });
    await t.test('a tool', async () => {
        const data = await api.responses.create({ model, input: 'hello',
            tool_choice: 'required',
            tools: [{ type: 'function', name: 'weather', strict: false,
                      parameters: weather.function.parameters }] });
        const call = data.output.find((o) => o.type === 'function_call');
        assert.equal(call.name, 'weather');
        JSON.parse(call.arguments);
    });
});

test('completions', async (t) => {
    const api = client(await start(t, ...free));
    const ask = { model: 'gpt-3.5-turbo-instruct', prompt: 'hello' };
    const data = await api.completions.create(ask);
    assert.equal(data.object, 'text_completion');
    assert.ok(data.choices[0].text.length > 0);
    const stream = await api.completions.create({ ...ask, stream: true });
    assert.ok((await texts(stream, (c) => c.choices[0].text)).length > 0);
});

test('embeddings', async (t) => {
    const api = client(await start(t, ...free));
    const ask = { model: 'text-embedding-3-small', input: ['a', 'b'] };
    const data = await api.embeddings.create(ask);
    assert.deepEqual(data.data.map((e) => e.embedding.length), [1536, 1536]);
    const plain = await api.embeddings.create(
        { ...ask, encoding_format: 'float' });
    // base64, the SDK's own choice, carries what fits 32 bits.
    for (const [i, value] of plain.data[0].embedding.entries())
        assert.ok(Math.abs(value - data.data[0].embedding[i]) < 1e-6);
    const short = await api.embeddings.create({ ...ask, dimensions: 8 });
    assert.equal(short.data[1].embedding.length, 8);
});

test('images', async (t) => {
    const api = client(await start(t, ...free));
    const ask = { model: 'dall-e-2', prompt: 'a sheep', n: 2 };
    const inline = await api.images.generate(
        { ...ask, response_format: 'b64_json' });
    assert.equal(inline.data.length, 2);
    for (const { b64_json } of inline.data)
        assert.ok(png(Buffer.from(b64_json, 'base64'))[0] > 0);
    const linked = await api.images.generate({ ...ask, response_format: 'url' });
    for (const { url } of linked.data) {
        const answer = await fetch(url);
        assert.equal(answer.headers.get('content-type'), 'image/png');
        png(Buffer.from(await answer.arrayBuffer()));
    }
});

test('audio', async (t) => {
    const api = client(await start(t, ...free));
    const spoken = await api.audio.speech.create({ model: 'tts-1',
        voice: 'alloy', input: 'hello', response_format: 'wav' });
    const wav = Buffer.from(await spoken.arrayBuffer());
    assert.equal(wav.toString('latin1', 0, 4), 'RIFF');
    assert.equal(wav.toString('latin1', 8, 12), 'WAVE');
    const ask = () => toFile(wav, 'hello.wav').then((file) => (
        { model: 'whisper-1', file }));
    const heard = await api.audio.transcriptions.create(await ask());
    assert.ok(heard.text.length > 0);
    const full = await api.audio.transcriptions.create(
        { ...await ask(), response_format: 'verbose_json' });
    assert.ok(full.segments.length > 0);
    const srt = await api.audio.transcriptions.create(
        { ...await ask(), response_format: 'srt' });
    assert.match(srt, /-->/);
    const translated = await api.audio.translations.create(await ask());
    assert.ok(translated.text.length > 0);
});

test('moderations', async (t) => {
    const api = client(await start(t, ...free));
    const data = await api.moderations.create(
        { input: ['hello', 'mock-flagged'] });
    assert.deepEqual(data.results.map((r) => r.flagged), [false, true]);
});

test('models', async (t) => {
    const api = client(await start(t, '--table', 'seed', '--tier', 'free'));
    const ids = [];
    for await (const entry of api.models.list())
        ids.push(entry.id);
    assert.ok(ids.includes('gpt-4'));
    assert.equal((await api.models.retrieve('gpt-4')).id, 'gpt-4');
});

test("Azure's dialect", async (t) => {
    const api = azure(await start(t, ...free, '--dialect', 'azure'));
    const data = await api.chat.completions.create({ model, messages: hello });
    assert.ok(data.choices[0].message.content.length > 0);
    const stream = await api.chat.completions.create(
        { model, messages: hello, stream: true });
    assert.ok((await texts(stream,
        (c) => c.choices[0]?.delta.content)).length > 0);
    const vectors = await api.embeddings.create(
        { model: 'text-embedding-3-small', input: 'a' });
    assert.equal(vectors.data[0].embedding.length, 1536);
});
