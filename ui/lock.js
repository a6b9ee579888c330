// Takes out of the lock what npm writes there for people: links for donations. Names, versions and hashes stay.
import { readFile, writeFile } from 'node:fs/promises';

const lock = JSON.parse(await readFile('package-lock.json', 'utf8'));
for (const entry of Object.values(lock.packages)) delete entry.funding;
await writeFile('package-lock.json', `${JSON.stringify(lock, null, 2)}\n`);
