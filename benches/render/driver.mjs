// What the drivers in Node share: the order of things that the benchmark relies on.
//
// `driver <document> <count>` makes one document unmeasured and prints {"peer", "version"}. It begins when a line comes,
// so that two can begin at once; prints {"ms", "bytes"} for each document; and stays until its input ends, so that its
// memory can be read. No two documents are the same: %N% in the text is the document's number, which keeps caches of
// whole documents out of the figures.
//
// `driver <folder> 0` makes a PDF of each Markdown file in the folder, beside it, before it prints {"peer", "version"}.
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { resolve } from 'node:path';

const [, , document, count] = process.argv;
// Where benches/render/setup.sh has put the packages.
const modules = process.env.RUCHE_BENCH_MODULES ?? resolve('.ruche/bench-render');
export const require = createRequire(resolve(modules, 'package.json'));
export const launch = {
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  // As root, Chromium runs only without its sandbox.
  args: process.getuid() === 0 ? ['--no-sandbox'] : [],
};

const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

async function makeAll(render) {
  for (const name of readdirSync(document).filter((name) => name.endsWith('.md'))) {
    const file = resolve(document, name);
    writeFileSync(file.replace(/\.md$/, '.pdf'), await render(readFileSync(file, 'utf8')));
  }
}

export async function drive(peer, version, render, close = async () => {}) {
  if (statSync(document).isDirectory()) {
    await makeAll(render);
    say({ peer, version });
    await close();
    return;
  }
  const text = readFileSync(document, 'utf8');
  const numbered = (n) => text.replaceAll('%N%', String(n));
  await render(numbered(0));
  say({ peer, version });
  const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  await lines.next();
  for (let n = 1; n <= Number(count); n += 1) {
    const begun = performance.now();
    const pdf = await render(numbered(n));
    say({ ms: performance.now() - begun, bytes: pdf.length });
  }
  await lines.next();
  await close();
}
