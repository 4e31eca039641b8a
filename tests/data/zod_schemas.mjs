// Prints what zod's toJSONSchema makes of each of its types: tests/data/zod_schemas.json.
// npm install zod@4.6.7 && node zod_schemas.mjs > zod_schemas.json
import { z } from "zod";

const Category = z.object({ name: z.string(), get parts() { return z.array(Category); } });
const types = {
  string: z.string(), min: z.string().min(2), max: z.string().max(5), length: z.string().length(3),
  regex: z.string().regex(/^[a-z]+$/), startsWith: z.string().startsWith("a"),
  endsWith: z.string().endsWith("z"), includes: z.string().includes("b"),
  lowercase: z.string().lowercase(), uppercase: z.string().uppercase(),
  email: z.email(), uuid: z.uuid(), uuidv4: z.uuidv4(), url: z.url(), httpUrl: z.httpUrl?.() ?? z.url(),
  hostname: z.hostname?.() ?? z.string(), emoji: z.emoji(), base64: z.base64(), base64url: z.base64url(), hex: z.hex?.() ?? z.string(),
  nanoid: z.nanoid(), cuid: z.cuid(), cuid2: z.cuid2(), ulid: z.ulid(), xid: z.xid(), ksuid: z.ksuid(),
  ipv4: z.ipv4(), ipv6: z.ipv6(), cidrv4: z.cidrv4(), cidrv6: z.cidrv6(), jwt: z.jwt(), e164: z.e164(),
  isoDate: z.iso.date(), isoTime: z.iso.time(), isoDatetime: z.iso.datetime(),
  isoDatetimeOffset: z.iso.datetime({ offset: true }), isoDuration: z.iso.duration(),
  emailRegex: z.email().regex(/@example\.com$/), guid: z.guid(),
  number: z.number(), int: z.int(), int32: z.int32(), uint32: z.uint32(), float32: z.float32(), float64: z.float64(),
  positive: z.number().positive(), nonnegative: z.number().nonnegative(), negative: z.number().negative(),
  range: z.number().gt(0).lte(0.5), multipleOf: z.number().multipleOf(0.5), safe: z.number().int().safe?.() ?? z.int(),
  boolean: z.boolean(), null: z.null(), literal: z.literal("a"), literals: z.literal(["a", 1, true, null]),
  enum: z.enum(["a", "b"]), any: z.any(), unknown: z.unknown(),
  optionalNever: z.object({ a: z.never().optional(), b: z.string() }),
  array: z.array(z.string()), nonempty: z.array(z.string()).nonempty(), arrayRange: z.array(z.int()).min(1).max(3),
  tuple: z.tuple([z.string(), z.number()]), tupleRest: z.tuple([z.string()], z.number()),
  object: z.object({ a: z.string(), b: z.number().optional() }), strict: z.strictObject({ a: z.string() }),
  loose: z.looseObject({ a: z.string() }), catchall: z.object({ a: z.string() }).catchall(z.number()),
  empty: z.object({}), record: z.record(z.string(), z.number()), recordEnum: z.record(z.enum(["a", "b"]), z.number()),
  partialRecord: z.partialRecord(z.enum(["a", "b"]), z.number()), recordRegex: z.record(z.string().regex(/^x-/), z.int()),
  union: z.union([z.string(), z.number()]), nullable: z.string().nullable(), nullish: z.object({ a: z.string().nullish() }),
  discriminated: z.discriminatedUnion("kind", [z.object({ kind: z.literal("a"), x: z.int() }), z.object({ kind: z.literal("b"), y: z.string() })]),
  xor: z.xor?.([z.string(), z.number()]) ?? z.string(),
  intersection: z.intersection(z.object({ a: z.string() }), z.object({ b: z.number() })),
  extended: z.object({ a: z.string() }).extend({ b: z.number() }), recursive: Category,
  default: z.object({ a: z.string().default("x") }), prefault: z.object({ a: z.string().prefault("x") }),
  catch: z.object({ a: z.string().catch("x") }), readonly: z.array(z.string()).readonly(),
  brand: z.string().brand("id"), described: z.string().describe("What it is"), pipe: z.pipe(z.string(), z.string().min(1)),
  lazy: z.lazy(() => z.string()), json: z.json(), templateLiteral: z.templateLiteral(["v", z.int(), "-", z.enum(["a", "b"])]),
  refined: z.string().refine((text) => text.length > 1), coerceNumber: z.coerce.number(), stringbool: z.stringbool(), file: z.file?.(),
};
const out = {};
for (const [name, type] of Object.entries(types)) {
  for (const io of ["output", "input"]) {
    for (const target of ["draft-2020-12", "draft-7", "openapi-3.0"]) {
      let schema;
      try { schema = z.toJSONSchema(type, { io, target }); } catch (error) { console.error(name, io, target, error.message); continue; }
      const text = JSON.stringify(schema);
      if (!Object.values(out).some((each) => JSON.stringify(each) === text)) out[`${name} ${io} ${target}`] = schema;
    }
  }
}
console.log(JSON.stringify(out, null, 0).replaceAll('},"', '},\n"'));
