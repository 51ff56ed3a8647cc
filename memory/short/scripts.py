"""What is done in Redis at once, so that neither turns nor processes at the same time mix."""

from typing import Final

APPEND: Final = """
local held = redis.call('LLEN', KEYS[1])
local known = redis.call('HMGET', KEYS[2], 'held', 'runs', 'covers')
local whole = known[1] ~= false
if whole and tonumber(known[1]) ~= held then
    redis.call('DEL', KEYS[2])
    whole = false
end
if ARGV[6] == '1' and held == 0 and not known[1] then
    redis.call('HSET', KEYS[2], 'held', 0, 'tokens', 0, 'text', '', 'covers', 0, 'until', '', 'runs', '[]')
    known, whole = {'0', '[]', '0'}, true
end
local begins = ARGV[1] .. '\\n'
local new = not (whole and string.find(known[2], '"' .. ARGV[1] .. '"', 1, true))
for _, entry in ipairs(redis.call('LRANGE', KEYS[1], 0, -1)) do
    if string.sub(entry, 1, #begins) == begins then new = false end
end
local tokens = 0
if new then
    redis.call('RPUSH', KEYS[1], begins .. ARGV[2])
    held = held + 1
end
if whole then
    redis.call('HSET', KEYS[2], 'held', held)
    tokens = redis.call('HINCRBY', KEYS[2], 'tokens', new and ARGV[3] or 0)
else
    redis.call('LTRIM', KEYS[1], -tonumber(ARGV[4]), -1)
end
for _, key in ipairs(KEYS) do redis.call('EXPIRE', key, ARGV[5]) end
return {whole and 1 or 0, held, tokens, tonumber(known[3] or 0)}
"""
"""Appends a turn unless one of its run is there or summed up.

Keys: turns, summary, state. Arguments: run, body, tokens, most turns, seconds to live, and 1 for the first turn of a
thread, before which there is nothing that Redis may lack. Gives whether what is held is
the whole thread, and its turns, their tokens, and how many are summed up.
"""

FOLD: Final = """
if redis.call('HGET', KEYS[2], 'covers') ~= ARGV[1] then return 0 end
local first = redis.call('LINDEX', KEYS[1], 0)
if not first or string.sub(first, 1, #ARGV[2] + 1) ~= ARGV[2] .. '\\n' then return 0 end
redis.call('LTRIM', KEYS[1], ARGV[3], -1)
redis.call('HSET', KEYS[2], 'text', ARGV[6], 'covers', ARGV[7], 'until', ARGV[8], 'runs', ARGV[9],
    'held', redis.call('LLEN', KEYS[1]))
redis.call('HINCRBY', KEYS[2], 'tokens', -tonumber(ARGV[4]))
for _, key in ipairs(KEYS) do redis.call('EXPIRE', key, ARGV[5]) end
return 1
"""
"""Moves the oldest turns into the summary, unless somebody did so since they were read.

Keys: turns, summary. Arguments: the number summed up when they were read, the first run, how many turns and tokens
leave, seconds to live, and the summary's text, number, time and runs. Gives 1, or 0 for nothing done.
"""

RESTORE: Final = """
local held = redis.call('LLEN', KEYS[1])
if held ~= tonumber(ARGV[1]) then return 0 end
if held > 0 and string.sub(redis.call('LINDEX', KEYS[1], -1), 1, #ARGV[2] + 1) ~= ARGV[2] .. '\\n' then return 0 end
redis.call('DEL', KEYS[1], KEYS[2])
for i = 9, #ARGV do redis.call('RPUSH', KEYS[1], ARGV[i]) end
redis.call('HSET', KEYS[2], 'held', #ARGV - 8, 'tokens', ARGV[4], 'text', ARGV[5], 'covers', ARGV[6],
    'until', ARGV[7], 'runs', ARGV[8])
for _, key in ipairs(KEYS) do redis.call('EXPIRE', key, ARGV[3]) end
return 1
"""
"""Puts a whole thread in the place of what is held, unless that has changed since it was read.

Keys: turns, summary. Arguments: how many turns were held and the run of the last, seconds to live, tokens, the summary's
text, number, time and runs, and the turns' entries. Gives 1, or 0 for nothing done.
"""

UPDATE: Final = """
local agent = ARGV[1] .. ':'
local version = tonumber(redis.call('HGET', KEYS[1], agent .. 'version') or '0')
if ARGV[2] == '+' then
    if version == 0 then return {0, {}} end
elseif ARGV[2] ~= '' and tonumber(ARGV[2]) ~= version then
    return {-1, version}
end
local first = 7 + tonumber(ARGV[6])
local replaced, size = {}, 0
for i = 7, first - 1 do replaced[ARGV[i]] = true end
for i = first, #ARGV, 2 do
    replaced[ARGV[i]] = true
    size = size + #ARGV[i] + #ARGV[i + 1]
end
local stored = redis.call('HGETALL', KEYS[1])
for i = 1, #stored, 2 do
    if string.sub(stored[i], 1, #agent) == agent and not replaced[stored[i]] then
        size = size + #stored[i] + #stored[i + 1]
    end
end
if size > tonumber(ARGV[5]) then return {-2, size} end
for i = 7, first - 1 do redis.call('HDEL', KEYS[1], ARGV[i]) end
for i = first, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
redis.call('HSET', KEYS[1], agent .. 'updated_at', ARGV[3])
redis.call('HINCRBY', KEYS[1], agent .. 'version', 1)
redis.call('EXPIRE', KEYS[1], ARGV[4])
return {1, redis.call('HGETALL', KEYS[1])}
"""
"""Changes fields of an agent's working state, each by itself.

Key: state. Arguments: agent, the version it must have (+ for any but none at all) or nothing, time, seconds to live, most bytes, how many fields
go, these fields, and fields with their values. Gives 1 and all fields; 0 where there is none to change; -1 and the version where it is another; -2 and
the bytes where there would be too many.
"""
