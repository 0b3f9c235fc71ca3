/** The part of a service, as `docker compose config --format json` gives it, that says what a container may do. */
interface Service {
  readonly image?: string;
  readonly user?: string;
  readonly read_only?: boolean;
  readonly init?: boolean;
  readonly privileged?: boolean;
  readonly restart?: string;
  readonly cap_add?: readonly string[];
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly network_mode?: string;
  readonly networks?: Readonly<Record<string, unknown>>;
  readonly ports?: readonly { readonly host_ip?: string }[];
  readonly healthcheck?: { readonly disable?: boolean };
  readonly container_name?: string;
  readonly volumes?: readonly { readonly type: string; readonly source?: string }[];
  readonly deploy?: {
    readonly resources?: { readonly limits?: Readonly<Record<'cpus' | 'memory' | 'pids', unknown>> };
  };
}

interface Configuration {
  readonly services: Readonly<Record<string, Service>>;
  readonly networks: Readonly<Record<string, { readonly internal?: boolean }>>;
}

/** Services that run to their end, and need no health check for that. */
const jobs = ['edge-config', 'cockroach-init', 'cockroach-volumes'];

/** Gives what a configuration allows that it should not, a line each. Sources: CIS Docker Benchmark 4.1, 5.3 to 5.29. */
export function findWeaknesses(configuration: unknown): readonly string[] {
  const { services, networks } = configuration as Configuration;
  const found = Object.entries(services).flatMap(([name, service]) =>
    weaknessesOf(name, service).map((what) => `${name}: ${what}`),
  );
  const open = Object.entries(networks).filter(([name, { internal }]) => name !== 'public' && internal !== true);
  return [...found, ...open.map(([name]) => `the network ${name} has a way out`)];
}

function weaknessesOf(name: string, service: Service): readonly string[] {
  const { limits } = service.deploy?.resources ?? {};
  const rules: readonly (readonly [boolean, string])[] = [
    [/:[\w.-]*\d[\w.-]*$|\/(gateway|storage-node|consumer):dev$/.test(service.image ?? ''), 'its image has no version'],
    // Gives new volumes to their users, without a network, and ends.
    [name === 'cockroach-volumes' || /^[1-9]\d*:[1-9]\d*$/.test(service.user ?? ''), 'runs as root'],
    [service.read_only === true, 'may write to its image'],
    [service.init === true, 'has no init'],
    [service.privileged !== true, 'is privileged'],
    [service.cap_drop?.includes('ALL') === true, 'keeps capabilities'],
    [(service.cap_add ?? []).every((cap) => name === 'cockroach-volumes' && cap === 'CHOWN'), 'adds capabilities'],
    [service.security_opt?.includes('no-new-privileges:true') === true, 'may gain privileges'],
    [limits?.cpus !== undefined && limits.memory !== undefined && limits.pids !== undefined, 'has no limits'],
    [service.restart === (jobs.includes(name) ? 'on-failure' : 'unless-stopped'), 'does not come back'],
    [
      jobs.includes(name) || (service.healthcheck !== undefined && !service.healthcheck.disable) || isOwn(name),
      'has no health check',
    ],
    [name === 'nginx' || (service.ports ?? []).length === 0, 'publishes a port'],
    [(service.ports ?? []).every(({ host_ip }) => host_ip === '127.0.0.1'), 'publishes a port beyond this machine'],
    [service.network_mode === undefined || service.network_mode === 'none', 'shares a network of the host'],
    [service.container_name === undefined, 'has a fixed name, so there can be only one'],
    [(service.volumes ?? []).every(({ source }) => !source?.endsWith('docker.sock')), 'sees the Docker socket'],
  ];
  return rules.filter(([holds]) => !holds).map(([, what]) => what);
}

/** The health checks of these three are in their Dockerfiles. */
function isOwn(name: string): boolean {
  return ['gateway', 'storage-node', 'consumer'].includes(name);
}
