/*
 * What the lock nodes run. Each node decides by itself and by its own clock; a majority of them decides for us. The
 * scripts that take and release a lock are the package's own.
 */

/**
 * Renews a lock: KEYS[1] the lock, ARGV[1] its owner's token, ARGV[2] the term in milliseconds. 1: it is the owner's for
 * another term, 0: it is another's.
 *
 * Unlike the package's script it also takes a lock that is free. So a node that came back empty holds every standing
 * lease again after one renewal, and lock nodes can be restarted one after the other without any lease being lost. One
 * node still never votes for two owners.
 */
export const renewScript = `
local owner = redis.call('GET', KEYS[1])
if owner and owner ~= ARGV[1] then
  return 0
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
`;

/** Releases nothing and says so. */
export const keepScript = 'return 0';

/**
 * Counts who is alive: KEYS[1] the consumers, scored with when they stop counting (milliseconds by this node's clock),
 * ARGV[1] the name of one that is alive, ARGV[2] for how long, milliseconds. Answers how many are alive.
 */
export const announceScript = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return redis.call('ZCARD', KEYS[1])
`;
