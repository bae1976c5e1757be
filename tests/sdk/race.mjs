// Four ways to send the same requests with the keys of five tier-1
// organisations, each against a daemon of its own:  race.mjs [full]
//
//     tierlab run
//     the official SDK as it comes (2 retries) behind p-limit 30, keys in turn
//     the same with 10 retries
//     a loop with the SDK, one request after the other
//
// Clocks run faster than the wall's, those of the SDK's waits too.  The table
// has minutes of that time, what the daemon counted, and the efficiency: the
// tokens of what succeeded over those that the limits allowed in that time.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import OpenAI from 'openai';
import pLimit from 'p-limit';

const full = process.argv.includes('full');
const count = full ? 3000 : 1000;
const speed = 30;
const build = process.env.BUILD;
const folder = mkdtempSync(join(tmpdir(), 'race-'));
const organisations = 5;
const tokensPerMinute = 30000; // gpt-4o, tier1, as of 2026-09-24
const keys = Array.from({ length: organisations },
                        (_, i) => `sk-mock-o-${i + 1}-1`);

// Prompts of log-normal length (half have up to 300 tokens, 95 % up to 1200),
// replies of at most 300.
function draw(seed) {
    let state = BigInt(seed);
    const mask = (1n << 64n) - 1n;
    const uniform = () => { // splitmix64
        state = (state + 0x9e3779b97f4a7c15n) & mask;
        let z = state;
        z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & mask;
        z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & mask;
        return Number((z ^ (z >> 31n)) >> 11n) / 2 ** 53;
    };
    const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) *
        Math.cos(2 * Math.PI * uniform());
    return Array.from({ length: count }, () => {
        const tokens = Math.round(300 * Math.exp(0.843 * normal()));
        const size = 4 * (Math.min(8000, Math.max(3, tokens)) - 2);
        return { model: 'gpt-4o', max_tokens: 300, messages:
            [{ role: 'user', content: 'the and '.repeat(size / 8 + 1)
                .slice(0, size) }] };
    });
}
const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);
const charge = (body) => body.messages[0].content.length / 4 + 2 + 300;

async function serve(at) {
    const child = spawn(`${build}/tierlab-mockd`,
        ['--port', '0', '--config', '-', '--speed', String(at)],
        { stdio: ['pipe', 'pipe', 'inherit'] });
    child.stdin.end(JSON.stringify({ organisations:
        [{ name: 'o', tier: 'tier1', count: organisations }] }));
    const [line] = await once(createInterface(child.stdout), 'line');
    return { url: line.replace('listening on ', ''), speed: at,
             stop: async () => {
                 child.kill('SIGKILL');
                 await once(child, 'exit');
             } };
}

// tierlab run: a file of requests and one of accounts.
async function tierlab(daemon, bodies) {
    const at = (name) => join(folder, name);
    const env = { ...process.env, OPENAI_BASE_URL: `${daemon.url}/v1` };
    keys.forEach((key, i) => { env[`RACE_KEY_${i}`] = key; });
    writeFileSync(at('accounts.json'), JSON.stringify({ accounts:
        keys.map((_, i) => ({ name: `o-${i + 1}`, tier: 'tier1',
                              key_env: `RACE_KEY_${i}` })) }));
    writeFileSync(at('in.jsonl'), bodies.map((body, i) => JSON.stringify(
        { custom_id: `q${i}`, method: 'POST', url: '/v1/chat/completions',
          body }) + '\n').join(''));
    const child = spawn(`${build}/tierlab`, ['run', '-y', at('in.jsonl'),
        '--accounts', at('accounts.json'), '-o', at('out.jsonl'),
        '--speed', String(daemon.speed)], { env, stdio: ['ignore', 'inherit',
                                                         'pipe'] });
    let said = '';
    child.stderr.on('data', (bytes) => { said += bytes; });
    await once(child, 'exit');
    const failed = Number(/(\d+) failed/.exec(said)?.[1] ?? count);
    const [, forecast, took] =
        /forecast ([\d.]+) s;.* in ([\d.]+) s/.exec(said) ?? [];
    return { failed, forecast: Number(forecast), took: Number(took),
             tokens: failed > 0 ? 0 : sum(bodies.map(charge)) };
}

const sleep = globalThis.setTimeout;
async function withSdk(daemon, maxRetries, send) {
    globalThis.setTimeout = (fn, ms, ...rest) =>
        sleep(fn, ms / daemon.speed, ...rest);
    const clients = keys.map((apiKey) => new OpenAI(
        { apiKey, baseURL: `${daemon.url}/v1`, maxRetries }));
    let failed = 0, tokens = 0;
    const one = async (body, i) => {
        try {
            await clients[i % clients.length].chat.completions.create(body);
            tokens += charge(body);
        } catch {
            failed++;
        }
    };
    await send(one);
    globalThis.setTimeout = sleep;
    return { failed, tokens };
}
const pooled = (retries) => (daemon, bodies) => {
    const limit = pLimit(30);
    return withSdk(daemon, retries, (one) => Promise.all(
        bodies.map((body, i) => limit(() => one(body, i)))));
};
const loop = (daemon, bodies) => withSdk(daemon, 2, async (one) => {
    for (const body of bodies)
        await one(body, 0);
});

async function race(name, at, bodies, go) {
    const daemon = await serve(at);
    const began = performance.now();
    const result = await go(daemon, bodies);
    // From the first request to the last answer: without a program's start.
    const minutes = result.took !== undefined ? result.took / 60 :
        (performance.now() - began) / 60000 * at;
    const state = await (await fetch(`${daemon.url}/mock/state`)).json();
    await daemon.stop();
    const { statuses } = state;
    const sent = sum(Object.values(statuses));
    const allowed = organisations * tokensPerMinute * (1 + minutes);
    const row = { name, minutes, sent, refused: statuses[429] ?? 0, ...result,
                  efficiency: result.tokens / allowed };
    console.log(`# ${name.padEnd(34)} ${minutes.toFixed(1).padStart(7)} ` +
        `${String(sent).padStart(7)} ${String(row.refused).padStart(6)} ` +
        `${(100 * row.refused / sent).toFixed(1).padStart(6)} % ` +
        `${String(row.failed).padStart(7)} ` +
        `${(100 * row.efficiency).toFixed(1).padStart(8)} %`);
    return row;
}

let passed = 0, missed = 0;
function ok(what, holds) {
    holds ? passed++ : missed++;
    if (!holds)
        console.log(`failed: ${what}`);
}

const bodies = draw(1);
console.log(`# ${count} requests for gpt-4o, ${organisations} organisations ` +
    `at tier1, clocks ${speed} times as fast; seed 1`);
console.log('#                                    minutes    sent   429s' +
    '    429s   failed efficiency');
const ours = await race('tierlab run', speed, bodies, tierlab);
const plain = await race('SDK, p-limit 30, keys in turn', speed, bodies,
                         pooled(2));
if (full) {
    await race('the same with 10 retries', speed, bodies, pooled(10));
    await race(`SDK, one after the other (x ${4 * speed})`, 4 * speed, bodies,
               loop);
}
rmSync(folder, { recursive: true });
console.log(`# tierlab run forecast ${ours.forecast} s and took ${ours.took} s`);
ok('none fails', ours.failed === 0);
ok('under 0.5 % of 429s', ours.refused < 0.005 * ours.sent);
// A short race has more of the first burst and of the last answer in it.
ok('an efficiency of at least 98 %', !full || ours.efficiency >= 0.98);
ok('more than the SDK alone', ours.efficiency > plain.efficiency);
ok('a forecast within 5 %',
   Math.abs(ours.forecast - ours.took) <= 0.05 * ours.took);
ok('the SDK alone meets more 429s', plain.refused > ours.refused);
console.log(`${passed} passed, ${missed} failed`);
process.exit(missed > 0 ? 1 : 0);
