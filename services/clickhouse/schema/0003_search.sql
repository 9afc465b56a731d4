-- One text index over everything that people type a piece of into a search: the numbers of both sides as they came and as
-- E.164, the extensions, the caller id, and the names that a conversation knows. It stands in for one index a column: an
-- OR of several columns narrows nothing down. A text that is part of another one here is left out, since what an index
-- costs is three letters after another of every text.
--
-- search_text is a first, coarse condition beside the exact one, by LIKE (see textPattern). Parts written before have no
-- index and are read whole, until they are merged or ALTER TABLE calls MATERIALIZE INDEX tx_search is run once.
ALTER TABLE calls
    ADD COLUMN IF NOT EXISTS search_text String ALIAS lowerUTF8(concatWithSeparator('\n',
        if(endsWith(caller, src), '', src), caller, if(endsWith(callee, dst), '', dst), callee, if(endsWith(callee, did), '', did),
        rang_extension, if(answered_by = rang_extension, '', answered_by), caller_extension, clid,
        arrayStringConcat(extractAll(conv_detail, 'name":"((?:[^"\\\\]|\\\\.)*)'), '\n'))) COMMENT 'for a search by LIKE: every text that a piece may be searched in, in small letters',
    ADD INDEX IF NOT EXISTS tx_search lowerUTF8(concatWithSeparator('\n',
        if(endsWith(caller, src), '', src), caller, if(endsWith(callee, dst), '', dst), callee, if(endsWith(callee, did), '', did),
        rang_extension, if(answered_by = rang_extension, '', answered_by), caller_extension, clid,
        arrayStringConcat(extractAll(conv_detail, 'name":"((?:[^"\\\\]|\\\\.)*)'), '\n'))) TYPE text(tokenizer = ngrams(3));
