import type { OperationId } from '../operation-id.ts';
import type { OperationRecord } from '../outcome.ts';
import type { InstallationState } from '../ports/entry-reader.ts';
import { ByteReader } from './byte-reader.ts';
import { idBytes, sharedWriter } from './byte-writer.ts';
import { CodecError } from './codec-error.ts';
import { readRecord, writeRecord } from './record-codec.ts';

/*
 * What gateways and storage nodes say to each other about operations and the store as a whole. Each message has its own
 * header, so that no answer is ever taken for another. All encoders throw a CodecError for what could not be decoded
 * again; the buffers own the whole of their ArrayBuffer.
 */

const operationsRequestHeader = 0x4901;
const operationsAnswerHeader = 0x4a01;
const fingerprintRequestHeader = 0x4b01;
const fingerprintAnswerHeader = 0x4c01;
const installationHeader = 0x4d01;

/** Encodes a question for the log rows of operations. */
export function encodeOperationsRequest(ids: readonly OperationId[]): Buffer<ArrayBuffer> {
  const writer = sharedWriter.start(operationsRequestHeader).uint32(ids.length);
  for (const id of ids) writer.id(id);
  return writer.finish();
}

/**
 * Decodes a question for the log rows of operations. The ids may not be ours.
 *
 * @param maxIds more than this many are refused
 * @throws CodecError
 */
export function decodeOperationsRequest(body: Uint8Array, maxIds: number): OperationId[] {
  const reader = new ByteReader(body, operationsRequestHeader);
  const ids = reader.ids(atMost(reader.count(idBytes), maxIds));
  reader.finish();
  return ids;
}

/** Encodes log rows in the order they were asked for; undefined where there is none. */
export function encodeOperationsAnswer(records: readonly (OperationRecord | undefined)[]): Buffer<ArrayBuffer> {
  const writer = sharedWriter.start(operationsAnswerHeader).uint32(records.length);
  for (const record of records) {
    writer.uint8(record === undefined ? 0 : 1);
    if (record !== undefined) writeRecord(writer, record);
  }
  return writer.finish();
}

/**
 * Decodes log rows; undefined where there is none.
 *
 * @param maxRecords the number of ids asked for
 * @throws CodecError
 */
export function decodeOperationsAnswer(body: Uint8Array, maxRecords: number): (OperationRecord | undefined)[] {
  const reader = new ByteReader(body, operationsAnswerHeader);
  const count = atMost(reader.count(1), maxRecords);
  const records: (OperationRecord | undefined)[] = [];
  for (let index = 0; index < count; index += 1) records.push(reader.flags(1) === 0 ? undefined : readRecord(reader));
  reader.finish();
  return records;
}

/** Encodes a question for the fingerprint under an idempotency identity. */
export function encodeFingerprintRequest(identity: string): Buffer<ArrayBuffer> {
  return sharedWriter.start(fingerprintRequestHeader).text(identity).finish();
}

/** Decodes a question for a fingerprint. Throws CodecError. */
export function decodeFingerprintRequest(body: Uint8Array): string {
  const reader = new ByteReader(body, fingerprintRequestHeader);
  const identity = reader.text();
  reader.finish();
  return identity;
}

/** Encodes a fingerprint; undefined when nothing is remembered. */
export function encodeFingerprintAnswer(fingerprint: string | undefined): Buffer<ArrayBuffer> {
  const writer = sharedWriter.start(fingerprintAnswerHeader).uint8(fingerprint === undefined ? 0 : 1);
  if (fingerprint !== undefined) writer.text(fingerprint);
  return writer.finish();
}

/** Decodes a fingerprint; undefined when nothing is remembered. Throws CodecError. */
export function decodeFingerprintAnswer(body: Uint8Array): string | undefined {
  const reader = new ByteReader(body, fingerprintAnswerHeader);
  const fingerprint = reader.flags(1) === 0 ? undefined : reader.text();
  reader.finish();
  return fingerprint;
}

/** Encodes what the database says of the whole store. */
export function encodeInstallation({ partitionCount, logHorizon }: InstallationState): Buffer<ArrayBuffer> {
  return sharedWriter.start(installationHeader).uint32(partitionCount).safeInteger(logHorizon).finish();
}

/** Decodes what the database says of the whole store. Throws CodecError. */
export function decodeInstallation(body: Uint8Array): InstallationState {
  const reader = new ByteReader(body, installationHeader);
  const partitionCount = reader.within(1, 0xffff);
  const logHorizon = reader.safeInteger();
  reader.finish();
  return { partitionCount, logHorizon };
}

function atMost(count: number, greatest: number): number {
  if (count > greatest) throw new CodecError('the message has more items than allowed');
  return count;
}
