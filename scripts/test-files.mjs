import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { ROOT } from './bootstrap.mjs';

/** Every test file of the repository, relative to its folder, sorted. */
export function findTestFiles(folder = '') {
  const found = [];
  for (const entry of readdirSync(join(ROOT, folder), { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      const skipped = entry.name === 'node_modules' || entry.name === 'dist' || entry.name.startsWith('.');
      if (!skipped && path !== 'data') found.push(...findTestFiles(path));
    } else if (entry.name.endsWith('.test.ts')) found.push(path);
  }
  return found.sort();
}

/** Of the native mode, what starts nothing. */
const ONLY_PORTS = new Set(['native/src/free-port.ts', 'native/src/port-reservation.ts']);

/** Whether a test file, or a file of the repository that it imports, starts servers that have to be installed. */
export function needsServers(file, seen = new Set()) {
  if (seen.has(file)) return false;
  seen.add(file);
  if (ONLY_PORTS.has(file)) return false;
  if (file.startsWith('native/') || file.startsWith('tests/native/')) return true;
  const text = sourceOf(file);
  if (/from '@stratakv\/native/.test(text)) return true;
  // Types are gone when it runs.
  const imports = [...text.matchAll(/^(?:import|export)(?! type)[^;]*? from '(\.\.?\/[^']+\.ts)'/gm)].map(([, path]) =>
    normalize(join(dirname(file), path)),
  );
  return imports.some((path) => needsServers(path, seen));
}

/** Whether what a test file measures would be off with another one beside it. */
export function wantsMachine(file) {
  return file.startsWith('tests/faults/tour');
}

/** Whether a scenario restarts its store or gives it settings: then it cannot share one with others. */
export function needsOwnStore(file) {
  return /\bstore\.(restart|kill)\(|\buseStore\(\{/.test(sourceOf(file));
}

function sourceOf(file) {
  try {
    return readFileSync(join(ROOT, file), 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return '';
    throw error;
  }
}
