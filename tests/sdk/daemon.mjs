// A daemon for one test, on a free port, and the clients that talk to it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import OpenAI, { AzureOpenAI } from 'openai';

const program = `${process.env.BUILD}/tierlab-mockd`;
export const key = 'sk-mock-a-1';
export const hello = [{ role: 'user', content: 'hello' }];

async function serve(t, input, options) {
    const child = spawn(program, ['--port', '0', ...options],
                        { stdio: ['pipe', 'pipe', 'inherit'] });
    t.after(async () => {
        if (child.exitCode === null && child.signalCode === null) {
            child.kill('SIGKILL');
            await once(child, 'exit');
        }
    });
    child.stdin.end(input);
    const [line] = await once(createInterface(child.stdout), 'line');
    return { child, url: line.replace('listening on ', '') };
}

export function start(t, ...options) {
    return serve(t, '', options);
}

export function configured(t, config, ...options) {
    return serve(t, JSON.stringify(config), ['--config', '-', ...options]);
}

export async function control(daemon, path, body) {
    const answer = await fetch(daemon.url + path, body === undefined ? {} :
        { method: 'POST', body: JSON.stringify(body) });
    if (!answer.ok)
        throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
}

export async function journal(daemon) {
    return (await control(daemon, '/mock/journal')).requests;
}

export function client(daemon, options = {}) {
    return new OpenAI({ apiKey: 'sk-test', baseURL: `${daemon.url}/v1`,
                        maxRetries: 0, ...options });
}

export function azure(daemon, options = {}) {
    return new AzureOpenAI({ apiKey: 'sk-test', endpoint: daemon.url,
                             apiVersion: '2024-10-21', maxRetries: 0,
                             ...options });
}
