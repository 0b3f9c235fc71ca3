/*
 * The rules of the cache, as scripts inside Redis: each runs alone, so what it reads holds until it has written.
 *
 * A KV key has one slot: a Redis string that is the entry (`E`: with its body; `R`: the body lies apart, because it is
 * large), a lease alone (`L`), or a marker (`M`, and its text). So a marker takes the place of the entry and of the
 * lease at once, and a lease on an entry that somebody finds too old stands in the slot of that entry. All but markers
 * begin with a head of 67 bytes, integers big-endian:
 *
 *   kind 1 | lease until 8 | lease token 20 | version 8 | the first 30 bytes of a cached entry (cachedEntryLayout)
 *
 * `lease until` is in milliseconds since 1970 by the clock of Redis; 0: no lease. A lease that would stand for longer
 * than its term does not count: that clock was set back. `version` is also that of a tombstone, which is cached as
 * absence; 0 is absence that a reader found.
 *
 * Redis hits its memory limit in the middle of nothing: each write that needs room goes through `pcall`. Without room a
 * lease is not given, a fill is not taken, and what a put or an invalidation was to replace is removed, which needs no
 * room. Any other error (a replica, a disk that is full) ends the script and the call.
 *
 * All keys come as KEYS, but those of one call are not in one slot of a Redis Cluster, which is refused at start.
 */

/**
 * Gives leases after a lookup (MGET) missed. Between that and this anything may have happened, which does no harm: what
 * counts is that a lease stands from before its reader asks the database until the fill.
 *
 * KEYS   slots
 * ARGV   1: term of a lease, ms · 2: 16 characters that no other call uses · 3: a letter for each key · 4: for each key
 *        16 digits, the `asOf` from which on an entry would have been a hit
 *
 * Letters: `w` wants a lease · `d` the same, and the entry that was found is damaged · `r` damaged, no lease wanted.
 * A damaged entry is removed.
 *
 * Returns a digit for each key. `1`: the lease is given; its token is ARGV 2 and the index of the key, from 1, in 4
 * digits. `0`: none was wanted, another one stands, a marker stands, an entry came in meanwhile, or there is no room.
 */
export const leaseScript = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local term = tonumber(ARGV[1])
local digits = {}
for i, key in ipairs(KEYS) do
  local letter = string.sub(ARGV[3], i, i)
  local oldest = tonumber(string.sub(ARGV[4], 16 * i - 15, 16 * i))
  local head = redis.pcall('GETRANGE', key, 0, 66)
  if type(head) == 'table' then
    -- Not a string: somebody else's.
    redis.call('DEL', key)
    head = ''
  end
  local kind = string.sub(head, 1, 1)
  local leasedUntil, asOf = 0, 0
  if kind ~= 'M' and #head == 67 then
    local _
    _, leasedUntil, _, _, _, _, asOf = struct.unpack('>c1I8c20I8c14I8I8', head)
  end
  local isEntry = (kind == 'E' or kind == 'R') and #head == 67
  if isEntry and letter ~= 'w' then
    redis.call('DEL', key)
    isEntry, leasedUntil = false, 0
  end
  local isLeased = leasedUntil > now and leasedUntil - now <= term
  digits[i] = '0'
  if letter ~= 'r' and kind ~= 'M' and not isLeased and not (isEntry and asOf >= oldest) then
    local lease = struct.pack('>I8c20', now + term, ARGV[2] .. string.format('%04d', i))
    local reply
    if isEntry then
      reply = redis.pcall('SETRANGE', key, 1, lease)
    else
      reply = redis.pcall('SET', key, 'L' .. lease .. string.rep('\\0', 38), 'PX', term)
    end
    if type(reply) ~= 'table' or not reply.err then
      digits[i] = '1'
    elseif not string.find(reply.err, 'OOM', 1, true) then
      return reply
    end
  end
end
return table.concat(digits)
`;

/** True when a slot and the body that lies apart are stored; false without room: the slot is empty then. */
const storeFunction = `
local function store(key, apart, slot, body, keepMs)
  local reply = {}
  if body ~= '' then reply = redis.pcall('SET', apart, body, 'PX', keepMs) end
  if not reply.err then reply = redis.pcall('SET', key, slot, 'PX', keepMs) end
  if not reply.err then return true end
  if not string.find(reply.err, 'OOM', 1, true) then return nil, reply end
  redis.call('DEL', key)
  return false
end
`;

/**
 * Takes what readers found, each with its lease. A fill is refused unless its lease stands, and when an entry is there
 * that has a higher version or an `asOf` at least as late. Either way the fill uses its lease up.
 *
 * KEYS   two for each fill: the slot, and where its body lies when it lies apart
 * ARGV   1: term of a lease, ms · then four for each fill: token · ms to keep it · slot · body that lies apart, or ''
 *
 * Ms to keep it may be `0`: it has expired already, so nothing is kept, but the fill counts as taken. `-1`: it is too
 * large, so nothing is kept, and the fill counts as refused. Of the slot there is only the head then.
 *
 * Returns a letter for each fill. `t`: taken · `r`: refused · `f`: there was no room.
 */
export const fillScript = `${storeFunction}
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local term = tonumber(ARGV[1])
local letters = {}
for i = 1, #KEYS / 2 do
  local key, apart = KEYS[2 * i - 1], KEYS[2 * i]
  local lease, keepMs, slot, body = ARGV[4 * i - 2], tonumber(ARGV[4 * i - 1]), ARGV[4 * i], ARGV[4 * i + 1]
  local head = redis.call('GETRANGE', key, 0, 66)
  letters[i] = 'r'
  if #head == 67 and string.sub(head, 1, 1) ~= 'M' then
    local kind, leasedUntil, token, version, _, _, asOf = struct.unpack('>c1I8c20I8c14I8I8', head)
    if token == lease and leasedUntil > now and leasedUntil - now <= term then
      local _, _, _, newVersion, _, _, newAsOf = struct.unpack('>c1I8c20I8c14I8I8', slot)
      local isEntry = kind == 'E' or kind == 'R'
      if isEntry and (asOf >= newAsOf or (newVersion > 0 and version > newVersion)) then
        redis.call('SETRANGE', key, 1, string.rep('\\0', 28))
      elseif keepMs <= 0 then
        redis.call('DEL', key)
        if keepMs == 0 then letters[i] = 't' end
      else
        local isStored, failure = store(key, apart, slot, body, keepMs)
        if failure then return failure end
        letters[i] = isStored and 't' or 'f'
      end
    end
  end
end
return table.concat(letters)
`;

/**
 * Before a commit: puts a marker in the place of whatever is in the slots, which voids leases and refuses fills. Over
 * the marker of another batch too: the batch that comes last decides.
 *
 * KEYS   slots
 * ARGV   1: text of the marker · 2: ms it stands
 *
 * Returns for how many keys there was no room for a marker. Their slots are empty; the put will not find its marker and
 * only remove what is older.
 */
export const invalidateScript = `
local marker = 'M' .. ARGV[1]
local without = 0
for _, key in ipairs(KEYS) do
  local reply = redis.pcall('SET', key, marker, 'PX', ARGV[2])
  if reply.err then
    if not string.find(reply.err, 'OOM', 1, true) then return reply end
    redis.call('DEL', key)
    without = without + 1
  end
end
return without
`;

/**
 * After a commit. Where the batch's own marker stands, stores what was written, or only takes the marker away. Where it
 * does not, nobody knows what readers did since: removes what is older than the write, and voids the lease, whose
 * reader may hold the entry of before the commit. Leaves the marker of another batch alone.
 *
 * KEYS   two for each key of the batch: the slot, and where its body lies when it lies apart
 * ARGV   1: text of the marker · then three for each key: ms to keep it · slot, or '' when the key did not change ·
 *        body that lies apart, or ''
 *
 * Ms to keep it may be `0` (it has expired already) or `-1` (it is too large): then it is not stored. Of the slot there
 * is only the head then.
 *
 * Returns a letter for each key. `s`: stored · `r`: the slot is empty now · `k`: left, for another marker or something
 * as new stands there, or nothing · `f`: there was no room, and the slot is empty now.
 */
export const putScript = `${storeFunction}
local marker = 'M' .. ARGV[1]
local letters = {}
for i = 1, #KEYS / 2 do
  local key, apart = KEYS[2 * i - 1], KEYS[2 * i]
  local keepMs, slot, body = tonumber(ARGV[3 * i - 1]), ARGV[3 * i], ARGV[3 * i + 1]
  -- At least one byte more than the marker, lest a longer one be taken for it.
  local head = redis.call('GETRANGE', key, 0, math.max(66, #marker))
  local kind = string.sub(head, 1, 1)
  letters[i] = 'k'
  if head == marker then
    if slot == '' or keepMs <= 0 then
      redis.call('DEL', key)
      letters[i] = 'r'
    else
      local isStored, failure = store(key, apart, slot, body, keepMs)
      if failure then return failure end
      letters[i] = isStored and 's' or 'f'
    end
  elseif slot ~= '' and kind ~= '' and kind ~= 'M' then
    local isNewer = false
    if (kind == 'E' or kind == 'R') and #head >= 67 then
      local _, _, _, version, _, _, asOf = struct.unpack('>c1I8c20I8c14I8I8', head)
      local _, _, _, newVersion, _, _, newAsOf = struct.unpack('>c1I8c20I8c14I8I8', slot)
      -- Absence that a reader found has no version: only its time can tell.
      if version == 0 then isNewer = asOf > newAsOf else isNewer = version >= newVersion end
    end
    if isNewer then
      redis.call('SETRANGE', key, 1, string.rep('\\0', 28))
    else
      redis.call('DEL', key)
      letters[i] = 'r'
    end
  end
end
return table.concat(letters)
`;
