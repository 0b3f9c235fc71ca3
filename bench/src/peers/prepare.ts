import { install, installPackages, isInstallMode } from '../../../native/src/install/install.ts';
import { nativePrograms } from '../../../native/src/install/requirements.ts';
import { checkPeers, missingPackages, type PeerProgram } from './programs.ts';

/**
 * Makes sure that the native mode's programs and the peers are here. What is missing is installed by root, unless
 * `KV_INSTALL` says otherwise, as `./start.sh native` does.
 *
 * @param say gets a line for each thing that is done
 * @throws InstallError, MissingPeer: their messages name the commands
 */
export async function prepareMachine(peers: readonly PeerProgram[], say: (line: string) => void): Promise<void> {
  const asked = process.env.KV_INSTALL || 'auto';
  const mode = isInstallMode(asked) ? asked : 'never';
  await install({ programs: nativePrograms, mode, say });
  const packages = missingPackages(peers);
  if (packages.length > 0) await installPackages(packages, mode, say);
  checkPeers(peers);
}
