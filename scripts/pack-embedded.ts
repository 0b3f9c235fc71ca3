import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

// Node refuses to strip types under node_modules, so what others install is JavaScript with types: this makes
// embedded/dist from embedded/src and all it reaches in the other workspaces, each at its own path below dist.

interface Manifest {
  readonly name: string;
  readonly workspaces?: readonly string[];
  readonly exports?: Readonly<Record<string, unknown>>;
  readonly bin?: unknown;
  readonly dependencies?: Readonly<Record<string, string>>;
}

interface Workspace extends Manifest {
  readonly folder: string;
  /** What others write to import from it, and the source file that means, absolute. */
  readonly sources: ReadonlyMap<string, string>;
}

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const EMBEDDED = join(ROOT, 'embedded');
const DIST = join(EMBEDDED, 'dist');
const TEMPORARY_CONFIG = join(DIST, 'tsconfig.json');
const ASSET_URL = /(new URL\(\s*)(['"])(\.{1,2}\/[^'"]+)\2(\s*,\s*import\.meta\.url)/g;
const SPECIFIER = /((?:\bfrom|\bimport|\bimport\s*\(|\bimport\.meta\.resolve\s*\()\s*)(['"])([^'"]+)\2/g;

class PackError extends Error {}

function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
}

function readWorkspaces(): Workspace[] {
  const files = (readManifest(ROOT).workspaces ?? []).flatMap((pattern) =>
    globSync(`${pattern}/package.json`, { cwd: ROOT }),
  );
  return files.map((file) => {
    const folder = dirname(file);
    const manifest = readManifest(join(ROOT, folder));
    const sources = Object.entries(manifest.exports ?? {}).flatMap(([path, target]): [string, string][] =>
      typeof target === 'string' ? [[manifest.name + path.slice(1), join(ROOT, folder, target)]] : [],
    );
    return { ...manifest, folder, sources: new Map(sources) };
  });
}

function compile(workspaces: readonly Workspace[], extraFiles: readonly string[]): void {
  const options = {
    // What is found through node_modules counts as someone else's to the compiler, and it emits nothing for it.
    paths: Object.fromEntries(workspaces.flatMap(({ sources }) => [...sources].map(([name, file]) => [name, [file]]))),
    noEmit: false,
    noEmitOnError: true,
    declaration: true,
    rewriteRelativeImportExtensions: true,
    rootDir: ROOT,
    outDir: DIST,
  };
  const config = {
    extends: join(ROOT, 'tsconfig.json'),
    compilerOptions: options,
    include: [join(EMBEDDED, 'src')],
    exclude: [join(EMBEDDED, 'src/**/*.test.ts')],
    files: extraFiles,
  };
  mkdirSync(DIST, { recursive: true });
  // The licence asks to go with every copy.
  cpSync(join(ROOT, 'LICENSE'), join(EMBEDDED, 'LICENSE'));
  writeFileSync(TEMPORARY_CONFIG, JSON.stringify(config));
  const tsc = join(ROOT, 'node_modules/.bin/tsc');
  const { status } = spawnSync(process.execPath, [tsc, '--project', TEMPORARY_CONFIG], { stdio: 'inherit' });
  rmSync(TEMPORARY_CONFIG);
  if (status !== 0) throw new PackError('The types are wrong (see above).');
}

function emitted(extension: string): string[] {
  return globSync(`**/*${extension}`, { cwd: DIST }).map((file) => join(DIST, file));
}

/** The sources and other files that the emitted code finds by `new URL('./x', import.meta.url)`, as paths below ROOT. */
function referencedFiles(): string[] {
  const found = emitted('.js').flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(ASSET_URL)].map((match) => {
      const target = relative(DIST, resolve(dirname(file), match[3] ?? ''));
      if (!existsSync(join(ROOT, target)))
        throw new PackError(`${relative(DIST, file)} names a file that is not there: ${target}`);
      return target;
    }),
  );
  return [...new Set(found)];
}

// A worker is no import of anyone, and may itself import and name more files.
function compileWithWorkers(workspaces: readonly Workspace[]): void {
  let workers: string[] = [];
  for (;;) {
    compile(
      workspaces,
      workers.map((file) => join(ROOT, file)),
    );
    const found = referencedFiles().filter((file) => file.endsWith('.ts'));
    if (found.length === workers.length) return;
    workers = found;
  }
}

function copyAssets(): void {
  for (const file of referencedFiles().filter((found) => !found.endsWith('.ts'))) {
    cpSync(join(ROOT, file), join(DIST, file), { recursive: true });
  }
}

function toJs(path: string): string {
  return path.replace(/(?<!\.d)\.ts$/, '.js');
}

function rewrite(file: string, workspaces: readonly Workspace[]): void {
  const rewriteSpecifier = (whole: string, before: string, quote: string, specifier: string): string => {
    if (specifier.startsWith('.')) return `${before}${quote}${toJs(specifier)}${quote}`;
    const source = workspaces.map(({ sources }) => sources.get(specifier)).find((found) => found !== undefined);
    const target = source && join(DIST, toJs(relative(ROOT, source)));
    // The compiler has resolved every import by now, so what is not found is an example in a comment.
    if (target === undefined || !existsSync(target)) return whole;
    const path = relative(dirname(file), target).split(sep).join('/');
    return `${before}${quote}${path.startsWith('.') ? path : `./${path}`}${quote}`;
  };
  const rewriteUrl = (_: string, before: string, quote: string, path: string, after: string): string =>
    `${before}${quote}${toJs(path)}${quote}${after}`;
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, text.replace(SPECIFIER, rewriteSpecifier).replace(ASSET_URL, rewriteUrl));
}

/** A workspace's packages count as needed when its emitted code names them, in an import or as a string (pino's transports). */
function checkDependencies(workspaces: readonly Workspace[]): void {
  const declared = readManifest(EMBEDDED).dependencies ?? {};
  const problems = new Set<string>();
  for (const name of Object.keys(declared).filter((dependency) => dependency.startsWith('@stratakv/'))) {
    problems.add(`move ${name} to devDependencies: it is compiled in, and no registry has it`);
  }
  for (const { folder, dependencies = {} } of workspaces) {
    const code = globSync(`${folder}/**/*.js`, { cwd: DIST }).map((file) => readFileSync(join(DIST, file), 'utf8'));
    for (const [name, version] of Object.entries(dependencies)) {
      const isNamed = new RegExp(`['"]${name}(/[^'"]*)?['"]`);
      if (name.startsWith('@stratakv/') || declared[name] === version) continue;
      if (code.some((text) => isNamed.test(text)))
        problems.add(`dependencies: "${name}": "${version}" (${folder} needs it)`);
    }
  }
  if (problems.size > 0) throw new PackError(`embedded/package.json lacks:\n  ${[...problems].join('\n  ')}`);
}

function checkTargets(): void {
  const { exports, bin } = readManifest(EMBEDDED);
  const targets = JSON.stringify([exports, bin]).match(/(?<=")\.?[^"]*\/[^"]*\.\w+(?=")/g) ?? [];
  const wrong = targets.filter((target) => !target.startsWith('./dist/') || !existsSync(join(EMBEDDED, target)));
  if (wrong.length > 0)
    throw new PackError(`embedded/package.json names files that were not made: ${wrong.join(', ')}`);
}

try {
  rmSync(DIST, { recursive: true, force: true });
  const workspaces = readWorkspaces();
  compileWithWorkers(workspaces);
  copyAssets();
  for (const file of [...emitted('.js'), ...emitted('.d.ts')]) rewrite(file, workspaces);
  checkDependencies(workspaces);
  checkTargets();
} catch (error) {
  if (!(error instanceof PackError)) throw error;
  console.error(error.message);
  rmSync(DIST, { recursive: true, force: true });
  process.exitCode = 1;
}
