-- 1 for the first who asks. KEYS: the mark. ARGV: until when (milliseconds, 0 for ever).
if redis.call('SETNX', KEYS[1], '1') == 0 then return 0 end
if ARGV[1] ~= '0' then redis.call('PEXPIREAT', KEYS[1], ARGV[1]) end
return 1
