import {
  afterWrite,
  type CertainOperation,
  emptyRegister,
  type PossibleWrite,
  type RegisterHistory,
  type RegisterState,
} from '../checks/register-operation.ts';

/** Tries every order there is, as Wing and Gong do without a memory. For a dozen operations. */
export function isLinearizable({ certain, possible }: RegisterHistory): boolean {
  return goesOn(certain, possible, emptyRegister);
}

function goesOn(
  certain: readonly CertainOperation[],
  possible: readonly PossibleWrite[],
  state: RegisterState,
): boolean {
  if (certain.length === 0) return true;
  const firstEnd = certain.reduce((least, { end }) => Math.min(least, end), Number.POSITIVE_INFINITY);
  const isNext = ({ start }: { readonly start: number }) => start <= firstEnd;
  const takesCertain = certain.filter(isNext).some((operation) => {
    const after = stateAfter(operation, state);
    return after !== undefined && goesOn(without(certain, operation), possible, after);
  });
  if (takesCertain) return true;
  return possible.filter(isNext).some((write) => {
    const after = afterWrite(state, write);
    return after !== undefined && goesOn(certain, without(possible, write), after);
  });
}

function stateAfter(operation: CertainOperation, state: RegisterState): RegisterState | undefined {
  if (operation.kind !== 'observation') return afterWrite(state, operation);
  return operation.holds(state) ? state : undefined;
}

function without<One>(all: readonly One[], one: One): readonly One[] {
  return all.filter((other) => other !== one);
}
