// Builds the console into dist/: files whose names carry their content's hash, each with a gzip twin where that helps.
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { defineConfig } from 'vite';

/** The gateway serves `name.gz` to whoever accepts it, so no request pays for compressing megabytes. */
function gzipTwins() {
  let folder;
  return {
    name: 'gzip-twins',
    apply: 'build',
    configResolved(config) {
      folder = resolve(config.root, config.build.outDir, config.build.assetsDir);
    },
    async writeBundle() {
      for (const name of await readdir(folder)) {
        if (!/\.(js|css|svg)$/.test(name)) continue;
        const whole = await readFile(join(folder, name));
        const small = await promisify(gzip)(whole, { level: 9 });
        if (small.length < whole.length) await writeFile(join(folder, `${name}.gz`), small);
      }
    },
  };
}

const gateway = process.env.GATEWAY ?? 'http://127.0.0.1:8000';

export default defineConfig({
  plugins: [gzipTwins()],
  build: {
    emptyOutDir: true,
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 4096, // kB; the editor is what it is
    rolldownOptions: { checks: { moduleLevelDirective: false } }, // "use client" means nothing here
  },
  worker: { format: 'es' },
  server: { proxy: { '/graphql': gateway, '/console': gateway, '/sandbox': gateway } },
});
