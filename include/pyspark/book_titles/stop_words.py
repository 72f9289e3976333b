"""Words that say nothing about a book: common English ones and those of the book trade. Data only."""

_ENGLISH = (
    "a about above across after afterwards again against ain't all almost along already also although always am "
    "among amongst an and another any anybody anyhow anyone anything anyway anywhere are aren't around as at away back "
    "be became because become becomes becoming been before beforehand behind being below beside besides between beyond "
    "both but by came can can't cannot could couldn't did didn't do does doesn't doing don't done down during each "
    "either else elsewhere enough etc even ever every everybody everyone everything everywhere except few for from "
    "further get gets getting go goes going gone got had hadn't has hasn't have haven't having he he'd he'll he's hence "
    "her here here's hereafter hers herself him himself his how how's however i i'd i'll i'm i've if in indeed instead "
    "into is isn't it it'd it'll it's its itself just keep keeps latter least let let's like many may maybe "
    "me meanwhile might mightn't mine more moreover most mostly much must mustn't my myself neither nevertheless "
    "next no nobody none nor not nothing now nowhere of off often on once one ones only onto or other others otherwise "
    "ought our ours ourselves out over own per perhaps please put quite rather really same seem seemed seems several "
    "shall shan't she she'd she'll she's should shouldn't since so some somebody somehow someone something sometimes "
    "somewhere still such than that that's the their theirs them themselves then thence there there's thereafter "
    "therefore these they they'd they'll they're they've this those though through throughout thus to together too "
    "toward towards under unless until up upon us use used using very via was wasn't we we'd we'll we're we've well "
    "were weren't what what's whatever when when's whenever where where's whereas wherever whether which while whither "
    "who who's whoever whole whom whose why why's will with within without won't would wouldn't yes yet you you'd "
    "you'll you're you've your yours yourself yourselves"
)

_BOOK_TRADE = (
    "abridged audio audiobook book books boxed cd companion ed edition editions guide guidebook guides handbook hardback "
    "hardcover illustrated introduction isbn kindle manual novel novella novels part parts paperback revised serie "
    "series textbook unabridged updated vol vols volume volumes workbook"
)

STOP_WORDS = tuple(sorted({*_ENGLISH.split(), *_BOOK_TRADE.split()}))
