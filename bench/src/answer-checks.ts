import { entryKey, entryValue } from './dataset.ts';

/* What the requests of a load begin with, and what is looked at in their answers. */

/** Status and length are checked in every answer, the bytes in one of so many. */
export const sampleEvery = 16;

/** Request line and headers, with the empty line. @param headers each with its CRLF */
export function requestHead(line: string, host: string, headers = ''): string {
  return `${line} HTTP/1.1\r\nhost: ${host}\r\n${headers}\r\n`;
}

export function expectStatus(status: number, wanted: number): string | undefined {
  return status === wanted ? undefined : `status ${status} instead of ${wanted}`;
}

export function expectLength(body: Buffer, bytes: number): string | undefined {
  return body.length === bytes ? undefined : `${body.length} bytes instead of ${bytes}`;
}

/** The bytes of entry `index`. To compare them costs the generator more than to count them: for sampled answers. */
export function expectValue(body: Buffer, index: number, bytes: number): string | undefined {
  return body.toString('latin1') === entryValue(index, bytes) ? undefined : `wrong value under ${entryKey(index)}`;
}

export function expectReceipt(head: string): string | undefined {
  return head.includes('/operations/') ? undefined : 'a 202 without the path of its operation';
}
