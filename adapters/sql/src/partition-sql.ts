/* Statements on fences, version floors and the horizon of the log. */

/** $1 partition. From now on only the token returned may write it. */
export const raiseFence = {
  name: 'raise-fence',
  text: `
    INSERT INTO partitions (partition, token, raises, passes, floor, horizon, reached)
    VALUES ($1::int8, 1, 1, 0, 0, 0, 0)
    ON CONFLICT (partition) DO UPDATE SET token = partitions.token + 1, raises = partitions.raises + 1
    RETURNING token, raises`,
};

/** $1 partition. */
export const uncountRaise = {
  name: 'uncount-raise',
  text: `UPDATE partitions SET raises = raises - 1 WHERE partition = $1::int8 AND raises > 0`,
};

/**
 * $1 partition, $2 token. No row: somebody else raised the fence. A write, and one that changes something: a lock alone
 * lets a serializable snapshot judge a condition on what was there before the lock's last holder committed.
 */
export const passFence = {
  name: 'pass-fence',
  text: `
    UPDATE partitions SET passes = passes + 1
    WHERE partition = $1::int8 AND token = $2::int8
    RETURNING floor, horizon, reached`,
};

/** The database's clock, microseconds since 1970. */
export const readClock = {
  name: 'read-clock',
  text: `SELECT floor(extract(epoch FROM clock_timestamp()) * 1000000)::int8 AS micros`,
};

/** $1 partitions, $2 when the newest operation of each was made. A batch of each was applied. */
export const markApplied = {
  name: 'mark-applied',
  text: `
    UPDATE partitions SET raises = 0, reached = greatest(reached, applied.made_at)
    FROM unnest($1::int8[], $2::int8[]) AS applied (number, made_at)
    WHERE partition = applied.number`,
};

/** $1 partition, $2 version of something that was removed. */
export const liftFloor = {
  name: 'lift-floor',
  text: `UPDATE partitions SET floor = greatest(floor, $2::int8) WHERE partition = $1::int8`,
};

/** $1 partition, $2 time. */
export const raiseHorizon = {
  name: 'raise-horizon',
  text: `UPDATE partitions SET horizon = greatest(horizon, $2::int8) WHERE partition = $1::int8`,
};

/** $1 partition, $2 token. For a look before a clean-up; what it does is fenced by `passFence`. */
export const readPartition = {
  name: 'read-partition',
  text: `
    SELECT reached, floor(extract(epoch FROM now()) * 1000)::int8 AS now
    FROM partitions
    WHERE partition = $1::int8 AND token = $2::int8`,
};
