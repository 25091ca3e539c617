-- Forget one question. ARGV: room, mark.
drop(ARGV[1], ARGV[2])
return 1
