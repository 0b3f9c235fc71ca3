import { type ApplyBatch, type EntryStore, OperationRefused, type QueuedOperation } from '@stratakv/core';

/** A store that refuses operations on some keys, and notes the sizes of what it is given. */
export function refusing(isRefused: (operation: QueuedOperation) => boolean, sizes: number[] = []) {
  return <Port extends object>(port: Port): Port => {
    if (!('apply' in port)) return port;
    const store = port as unknown as EntryStore;
    const apply = async (batch: ApplyBatch) => {
      sizes.push(batch.operations.length);
      if (batch.operations.some(isRefused)) throw new OperationRefused(new Error('check constraint'));
      return store.apply(batch);
    };
    return new Proxy(port, {
      get: (target, name) => {
        if (name === 'apply') return apply;
        const member: unknown = Reflect.get(target, name, target);
        return typeof member === 'function' ? member.bind(target) : member;
      },
    });
  };
}
