"""Words of medicine that go with one sex: anatomy, conditions, procedures, tests and drugs, in whatever compound."""

import re


def _words(*parts: str) -> re.Pattern[str]:
    """Any of these parts at the start of a word (`intra-uterine` has two), with whatever hangs on behind."""
    return re.compile(rf"(?<![^\W_])(?:{'|'.join(parts)})\w*", re.IGNORECASE)


_FEMALE_ANATOMY = (
    r"\w*uter(?:us|i\b|ine)|utero-?[vosp]",
    r"\w*ovar(?:y|i|ect)|\w*oophor|\w*salping(?!o-?phar)",
    r"fallopian|tubal (?:ligation|pregnanc|steril|patency)|tubes tied",
    r"\w*vagin(?!at)|vulv(?!ul)|clitor|labium|labia\b|labial (?:adhesion|fusion|tear)|hymen(?!opter)|perineal tear",
    r"(?:endo|exo|ecto)?cervi(?:x|ces)|(?:endo|exo|ecto)cervic|cervicitis",
    r"cervical (?:cancer|carcin|smear|os\b|motion|polyp|dysplas|intraepith|cerclage|mucus|insuffic|incompet|dilat|"
    r"efface|ripening|ectropion|lesion|coniz|cytolog|screening|discharge)",
    r"(?:endo|myo|para|peri|ade?no)metri|metritis|adenomyo|(?:pyo|ha?emato|hydro)(?:metr|colpos|salpin)|womb\b",
    r"adnex(?:a\b|ae|al mass|al tender|al torsion|al cyst|itis)|pouch of douglas|rectouterine|bartholin|skene",
    r"breast(?!bone|stroke)|mammar|mammogra|mammopla|lumpectom|mastectom|mastitis|mastalg|mastopex|nipple discharge",
    r"bras?\b|tampon(?!ad)|sanitary (?:pad|napkin|towel)",
)
_FEMALE_CONDITIONS = (
    r"\w*menstru|menses|menarche|\w*menopaus|climacteric|\w*menorrh|metrorrh|dyspareun|vaginism|leukorrh|pms\b|pmdd\b",
    r"(?:last|missed|late|irregular|regular|heavy|heavier|light|painful|monthly|skipped|your|her|my) periods?\b"
    r"(?! of\b)|period (?:pain|cramp)|periods (?:are|were|have|had|stopp|became|come|last)|lmp\b",
    r"\w*ovulat|luteal|corpus lut|follicular (?:phase|cyst)|pcos\b|hirsut|fibroid|hydatidiform|choriocarcin|endometrio",
    r"(?:cysto|recto|entero|urethro)cele|galactorrh|phyllodes|fibroadenoma|fibrocystic (?:change|disease)|brca|"
    r"(?:ductal|lobular) carcinoma in situ|invasive (?:ductal|lobular)",
    r"turner(?:'s|’s)? syndrome|rett(?:'s|’s)? syndrome|sheehan|meigs|m[uü]llerian|mrkh\b|rokitansky|fitz-hugh|"
    r"pelvic inflammatory|douch",
)
_FEMALE_CARE = (
    r"\w*hyster(?!i)|colpo|trachelect|gyna?ecolog|gynae?\b|ob[/-]?gyn|midwi|doula",
    r"bimanual (?:pelvic )?exam|pelvic exam",
    r"pap(?:anicolaou)?[ -](?:smear|test)|(?<!nasal )(?<!ear )(?<!aural )speculum|dilat(?:at)?ion and curettage|"
    r"d ?& ?c\b|coniz|leep\b|myomectom|ca[ -]?125\b",
    r"contracept|birth control|iuds?\b|ocps?\b|copper (?:t\b|iud|coil)|the pill\b|morning[- ]after pill|depo-?provera|"
    r"mirena|nexplanon|implanon|nuvaring|hormone replacement|hrt\b",
    r"o?estr(?:ogen|adiol|iol|one\b)|ethinyl|progest|norethi|norgest|levonorgest|drospiren|medroxyprog|ulipristal|"
    r"mifepriston|dinopros|carbopros|methylergo|clomi(?:phene|fene|d\b)|tamoxifen|raloxifene|letrozole|anastrozole|"
    r"exemestane|fulvestrant|ospemifene|premarin|tibolone|oxytocin|pitocin|rhogam",
)
_MALE_ANATOMY = (
    r"\w*prostat(?!io)|\w*testic|test(?:is|es)\b|\w*epididym|\w*scrot|penis|\w*penile|peno-?scrot|glans\b|foreskin|prepuc|"
    r"preputi|cremaster",
    r"\w*sperm|semen\b|semin(?:al|oma|ifer)|\w*seminoma|vas deferens|vasa deferentia|\w*ejacul|adam's apple|beard|"
    r"mou?stache|sideburns|barbae",
)
_MALE_CONDITIONS = (
    r"balan(?:it|op)|\w*phimos|smegma|erecti(?:le|ons?\b)|impoten(?:ce|t)\b|nocturnal emission|priapis|peyronie|"
    r"varicocel|hydrocel|ha?ematocele|cryptorchi|undescended|anorchi|monorchi|\w*orchi(?!ds?\b)",
    r"hypospad|epispad|chordee|gyna?ecomast|klinefelter|andropaus|male[- ]pattern|hypogonad|fournier|bph\b",
    r"ha?emophili|duchenne|becker(?:'s|’s)? muscular|x-linked|lesch-nyhan|wiskott|bruton(?:'s|’s)? agamma|fragile x",
)
_MALE_CARE = (
    r"vasectom|vasovas|circumcis|turp\b|androlog|(?-i:PSA\b)|condom catheter|jockstrap",
    r"finasterid|dutasterid|tamsulosin|alfuzosin|silodosin|abirateron|\w*lutamide?\b|degarelix|leuprol|goserelin|"
    r"testosteron|anabolic steroid|saw palmetto",
)
_BETWEEN = (
    r"transgender|transsexual|trans-?(?:wo)?m[ae]n\b|trans (?:wo)?m[ae]n\b|intersex|assigned (?:fe)?male|"
    r"gender (?:dysphor|affirm|reassign)",
)

SEX_SPECIFIC = _words(
    *_FEMALE_ANATOMY,
    *_FEMALE_CONDITIONS,
    *_FEMALE_CARE,
    *_MALE_ANATOMY,
    *_MALE_CONDITIONS,
    *_MALE_CARE,
    *_BETWEEN,
)
PREGNANCY = _words(
    r"(?:non)?pregnan|gestation|gravid|(?:primi|multi|nulli)(?:gravid|par(?:a|ous|ity)\b)|para \d|g\d+ ?p\d|trimester",
    r"obstetric|maternal (?!grand|great|uncle|aunt|cousin|side|family|history)|(?:ante|pre|peri)natal|"
    r"(?:post|intra|peri|ante)-?partum|puerper|lochia|lactating|lactation|breast-?fe|breast feeding|nursing mother",
    r"childbirth|(?:gave|given|giving) birth|in labou?r|labou?r and delivery|c-section|ca?esare|episiotom|stillb|"
    r"miscarr|abortion|ectopic (?:pregnan|gestation)|placent|amnio|(?:oligo|poly)hydram|chorioamn|chorionic",
    r"(?:β|beta)?-?hcg\b|fo?etus|fo?etal (?!ha?emoglobin)|in utero|(?:pre-?)?eclamp|hellp\b|braxton|fundal height|"
    r"ivf\b|in vitro fert",
)
"""In a baby's case it was its mother's."""
