import { join } from 'node:path';
import { freePort } from '../../../native/src/free-port.ts';
import { answersOk } from '../../../native/src/servers/http-probe.ts';
import type { Peer } from './peer.ts';
import { peerProgram } from './programs.ts';
import { type Runner, runningPid } from './runner.ts';

const host = '127.0.0.1';
/** What etcd answers at when it is well. */
export const etcdHealthPath = '/health';

/** One etcd with its own data folder and the defaults of the distribution. It flushes every write to the disk. */
export async function startEtcd(runner: Runner): Promise<Peer> {
  const [port, peerPort] = [await freePort(), await freePort()];
  const [clients, peers] = [`http://${host}:${port}`, `http://${host}:${peerPort}`];
  const process = await runner.start({
    name: 'etcd',
    command: peerProgram('etcd'),
    args: [
      ...['--data-dir', join(runner.folder, 'etcd')],
      ...['--listen-client-urls', clients, '--advertise-client-urls', clients],
      ...['--listen-peer-urls', peers, '--initial-advertise-peer-urls', peers],
      ...['--initial-cluster', `default=${peers}`, '--log-level', 'error'],
    ],
    isReady: () => answersOk(host, port, etcdHealthPath),
  });
  return { name: 'etcd', port, processes: () => [{ kind: 'etcd', pid: runningPid(process) }] };
}
