"""Word lists: everyday English for letter counting and copying, cities, people, things."""

from __future__ import annotations


def listed(text: str) -> tuple[str, ...]:
    """Split a text into words; long lists read best as text."""
    return tuple(text.split())


COMMON_WORDS: tuple[str, ...] = listed(
    """
able about above accept access account across action active actor actual address admit adult
advice afford afraid after again agent agree ahead album alive allow almost alone along already
also always amazing among amount ancient anger angle animal ankle annual answer anyone anything
apart apology appeal appear apple apply april apron arch area argue armor army around arrange
arrest arrive arrow article artist ashes aside asleep assess assist assume athlete atlas atom
attach attack attempt attend attic august aunt author autumn avenue average avoid award aware
awesome awful bacon badge bakery balance balcony ballet balloon bamboo bandage banner barber
bargain barrel basic basket battery battle beach beard beast beauty because become bedroom
beetle before beggar begin behave behind believe belong below bench benefit beside better
between beyond bicycle billion biology bishop bitter blanket bleed blend blind blizzard blossom
blouse board bonus border borrow bottle bottom boulder bounce bowl boxer bracelet branch brave
bread breakfast breathe breeze brick bridge bright bring broken brother brown brush bubble bucket
budget buffalo build bullet bundle burger burst butter butterfly button cabbage cabin cable cactus
calendar camel camera campus canal cancel candle candy cannon canoe canvas canyon capable capital
captain carbon career careful cargo carpet carrot carry cartoon castle casual cattle caution
ceiling celery cellar cement center cereal certain chain chair chalk chamber champion chance
change chapter charge charity charm cheap cheese cheetah cherry chess chicken chief child chimney
church cinema circle circus citizen city clarity classic clean clever client cliff climate climb
clinic clock close closet cloud clover clumsy coach coast coconut coffee collar collect college
colony color column combine comedy comfort command comment common company compare compass concert
confirm connect consider contain content contest control convince cookie copper coral corner
correct cottage cotton cough council country county couple courage course cousin cover coyote
cradle crater crayon cream creature credit cricket crisis critic crowd crown cruel crystal culture
cupboard curious current curtain curve custom cyclone dairy damage dance danger daring daughter
dawn dealer debate decade december decide decline decorate deep defeat defend degree delay
delicious deliver demand dentist deny depart depend deposit describe desert design desk dessert
detail detect develop device diamond diary differ difficult digital dinner dinosaur direct dirty
discover discuss disease dish display distance divide doctor dollar dolphin domain donkey double
dragon drama drawer dream dress drift drink driver drizzle dryer during dusty dwarf eager eagle
early earth easily eastern echo economy edge editor educate effect effort eight either elbow
elder electric elegant element elephant eleven embrace emerald emotion employ empty enable enemy
energy engine enjoy enormous enough ensure enter entire envelope equal error escape essay estate
eternal evening event every evidence exact example exchange excited excuse exercise exhibit exist
exotic expand expect expert explain express extend extra eyebrow fabric factor factory fairy
falcon false family famous fancy fantasy farmer fashion father fatigue favor feather feature
february federal feeling fellow female fence ferry festival fever fiction field fifteen figure
filter final finger finish firefly fireman fitness flamingo flavor flight floor flower fluffy
flute follow football forehead forest forever forget formal fortune forty forward fossil fountain
fragile freedom freeze french frequent friday friend frost frozen fruit fuel funny furnace future
gadget galaxy gallery garage garbage garden garlic gather general genius gentle genuine giant
ginger giraffe glacier glass glimpse global glory glove goblin golden goose gorilla gossip govern
grain grammar grand grape grass gravity great green grocery ground group guard guess guide guitar
hammer hamster handle harbor harvest hazard healthy heart heaven heavy helmet helpful heron hidden
highway history hobby hockey holiday hollow honest honey horizon horror horse hospital hotel
hundred hungry hunter hurry husband iceberg idea identify ignore illness image impact improve
impulse include income increase indoor industry infant inform injury inner innocent insect inside
inspire install intact interest invite iron island isolate issue ivory jacket jaguar january jealous
jelly jewel jigsaw journal journey judge juice jumper jungle junior justice kangaroo keyboard kidney
kingdom kitchen kitten knight knock knuckle ladder lady lake language laptop large laugh laundry
lavender lawyer layer leader league leather lecture legend leisure lemon length leopard lesson
letter lettuce level liberty library license lightning limit linen liquid listen little lizard
lobster local logic lonely lottery lovely loyal lucky lumber lunch luxury lyrics machine magazine
magic magnet mammal manage mango manner mansion marble margin marine market marriage master matrix
meadow measure medal media melody member memory mention message metal method middle midnight
military million mineral minimum minor minute miracle mirror misery mistake mixture mobile model
modest moment monday monkey monster month moral morning mosquito mother motion mountain mouse
movie muffin muscle museum mushroom music mustard mutual mystery napkin narrow nation nature
nearby necklace needle nephew nerve network neutral never nickel niece noble noise noodle normal
north notable notebook nothing notice novel number nurse oasis object oblige observe obtain
obvious ocean october octopus office often olive olympic onion online opera opinion oppose orange
orbit orchard order ordinary organ orient original ostrich outdoor outside oval oven owner oxygen
oyster paddle palace pancake panda panel panic panther paper parade parent parking parrot party
passenger patient patrol pattern payment peace peanut pebble penalty pencil penguin people pepper
perfect permit person phone photo phrase physical piano picnic picture pigeon pillow pilot pineapple
pioneer pirate pistol pizza planet plastic plate player please plenty pocket poem police polite
pony popcorn popular portion position possible potato pottery poverty powder power practice praise
predict prefer prepare present pretty prevent price pride primary print priority prison private
prize problem process produce profit program project promise promote proof proper protect proud
provide public pudding pumpkin punish pupil puppy purchase purple purpose puzzle pyramid quality
quantum quarter queen question quick quiet quilt rabbit raccoon radar radio railroad rainbow raise
random rapid rather raven razor ready reason rebel recall receive recipe record recycle reduce
reflect reform region regret regular reject relax release relief remain remember remind remote
remove render repair repeat replace report rescue resemble resist resource response result retire
retreat return reunion reveal review reward rhythm ribbon rifle right ripple ritual rival river
robot robust rocket romance rooster rotate rough round royal rubber runway saddle sadness safari
salad salmon salon salute sample sandwich satisfy saturday sausage scale scatter scene school
science scissors scorpion scream screen script season second secret section security segment select
senior sense sentence september series service session settle seven shadow shallow share sheep
shelter sheriff shield shift shiver shock shoulder shovel shrimp sibling sickness siege sight
signal silent silver similar simple singer sister sixteen skeleton sketch skill sleep slender
slipper slogan slow small smart smile smooth snack soccer social socket soldier solution someone
sorrow source southern space sparrow speak special speed sphere spider spinach spirit sponge spoon
spring squirrel stable stadium staff stairs stamp station statue steak stereo still stomach stone
story stove strategy street strike strong student studio style subject submit suburb subway success
sudden suffer sugar suggest summer sunday sunny sunset super supply supreme surface surgeon surprise
surround survey suspect sustain swallow sweater swim switch symbol symptom syrup system table tackle
tadpole talent target taxi teacher teapot temple tenant tennis terrace theater theory thirteen
thought
thousand thread thumb thunder thursday ticket tiger timber tissue title toast tobacco today toddler
together toilet tomato tomorrow tongue tonight topic tornado tortoise total tourist toward tower
tractor traffic tragic trailer train transfer trap travel treasure tree trial tribe trick trigger
trouble truck trumpet trust tuesday tulip tunnel turkey turtle twelve twenty twin typical ugly
umbrella unable uncle under unicorn uniform unique universe unknown until unusual update upgrade
uphold urban useful usual vacant vacuum valley valve vanilla vapor various vehicle velvet vendor
venture verify version vessel veteran victory video village vintage violin virtual virus visit
visual
vital vivid vocal voice volcano volume voyage waffle wagon waiter walnut wander warrior wasp water
wealth weapon weather wedding wednesday weekend welcome western whale wheat wheel whisper whistle
width wife window winter wisdom witness wizard wolf wonder wooden worker world worry wrestle wrist
writer yellow yesterday yogurt young zebra zero zigzag
strawberry strawberries banana bananas mississippi raspberry blueberry blueberries bookkeeper
parallel onomatopoeia pepperoni broccoli tennessee successful committee hippopotamus chocolate
programming
"""
)

CITIES: tuple[str, ...] = tuple(
    city.strip()
    for city in """
Paris, London, Berlin, Madrid, Rome, Vienna, Prague, Warsaw, Lisbon, Dublin, Oslo, Stockholm,
Helsinki, Athens, Budapest, Brussels, Amsterdam, Zurich, Geneva, Munich, Hamburg, Milan, Naples,
Barcelona, Porto, Lyon, Krakow, Istanbul, Moscow, Kyiv, Tokyo, Osaka, Kyoto, Seoul, Busan, Beijing,
Shanghai, Shenzhen, Hangzhou, Chengdu, Taipei, Hong Kong, Singapore, Bangkok, Hanoi, Jakarta,
Manila,
Delhi, Mumbai, Chennai, Karachi, Dhaka, Kathmandu, Tehran, Baghdad, Dubai, Doha, Riyadh, Cairo,
Tunis, Lagos, Accra, Nairobi, Cape Town, Sydney, Melbourne, Brisbane, Auckland, Honolulu, Vancouver,
Toronto, Montreal, Ottawa, Boston, New York, Chicago, Denver, Seattle, Portland, San Francisco,
Los Angeles, San Diego, Dallas, Houston, Austin, Miami, Atlanta, Mexico City, Havana, Bogota, Lima,
Quito, Santiago, Buenos Aires, Rio de Janeiro, Sao Paulo, Reykjavik, Edinburgh, Manchester
""".replace("\n", " ").split(",")
)

TIMEZONES: tuple[str, ...] = listed(
    """
Europe/Paris Europe/London Europe/Berlin Europe/Madrid Europe/Rome Europe/Vienna Europe/Warsaw
Europe/Oslo Europe/Athens Asia/Tokyo Asia/Seoul Asia/Shanghai Asia/Singapore Asia/Kolkata Asia/Dubai
Asia/Bangkok Australia/Sydney Pacific/Auckland America/New_York America/Chicago America/Denver
America/Los_Angeles America/Toronto America/Lima Africa/Cairo Africa/Lagos UTC
"""
)

PEOPLE: tuple[str, ...] = listed(
    """
Anna Ben Clara David Emma Felix Grace Henry Iris Jack Kate Leo Maria Noah Olivia Peter Quinn Rosa
Sam Tina Uma Victor Wendy Xavier Yara Zoe Alice Bob Carol Dan Eve Frank Gina Hugo Ivan Julia Karl
Laura Mike Nina Oscar Paula Ravi Sara Tom Wei Yuki Chen Omar Fatima Lucas Sofia
"""
)

THINGS: tuple[str, ...] = listed(
    """
apples pears books pens cards coins stamps eggs cookies marbles stickers tickets flowers bottles
boxes shells stones keys cups candles pencils oranges lemons toys photos
"""
)

LANGUAGES = listed(
    "French German Spanish Italian Chinese Japanese Korean Russian Portuguese Arabic Dutch"
)

# Words of the scaffolding, which are single tokens: only practice teaches their letters.
KNOWN_WORDS = listed(
    "hello hi yes no ok OK Hello Hi Yes No DONE done ready Ready thanks weather time number word "
    "name tool test pong ping demo model small help call list today friend good nice"
)
