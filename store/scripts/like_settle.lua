-- A vector has come, which may not stay for ever; nor at all, where its question was forgotten meanwhile.
-- ARGV: room, mark.
if redis.call('HEXISTS', questions(ARGV[1]), ARGV[2]) == 0 then redis.call('VREM', vectors(ARGV[1]), ARGV[2]) end
expire(ARGV[1])
return 1
