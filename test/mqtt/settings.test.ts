// The broker as people configure it: what is refused, in what words, and that no password shows.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { readConfig } from "../../gateway/config.ts";
import { type MqttOptions, readMqtt } from "../../gateway/mqtt/settings.ts";
import { refused } from "../cli/rig.ts";
import { clearUp, temporaryFolder } from "../gateway/socket-rig.ts";

afterEach(clearUp);

function file(text: string): string {
  const path = join(temporaryFolder(), "file");
  writeFileSync(path, text);
  return path;
}

describe("the settings", () => {
  it("name the broker, with a login in the URL or beside it, and a password from a file", () => {
    const mqttPasswordFile = file("a b\n");
    const { mqtt } = readMqtt({ mqtt: "mqtts://us%20er@house.example:8884", mqttPasswordFile });
    expect(mqtt!.url.href.replace(/\/$/, "")).toBe("mqtts://house.example:8884");
    expect(mqtt).toMatchObject({ user: "us er", password: "a b", commands: false });
    expect(mqtt).toMatchObject({ discovery: "homeassistant", version: undefined, ca: undefined });
    const beside = readMqtt({ mqtt: "mqtt://one@[::1]", mqttUser: "two", mqttVersion: "3.1.1" });
    expect(beside.mqtt).toMatchObject({ user: "two", version: 4 });
    expect(readMqtt({ mqtt: "mqtt://h", mqttDiscovery: "off" }).mqtt!.discovery).toBeUndefined();
    expect(readMqtt({})).toEqual({ mqtt: undefined, broker: undefined });
  });

  it("name our own, on this machine unless they say otherwise", () => {
    expect(readMqtt({ broker: true }).broker).toEqual({ host: "127.0.0.1", port: 1883 });
    const { mqtt, broker } = readMqtt({ broker: true, brokerHost: "::", brokerPort: 0 });
    expect(broker).toEqual({ host: "::", port: 0 });
    expect(mqtt!.user).toBeUndefined();
    const mqttPasswordFile = file("open sesame\n");
    const asking = readMqtt({ broker: true, mqttUser: "ali", mqttPasswordFile });
    expect(asking.broker!.login).toEqual({ user: "ali", password: "open sesame" });
    expect(asking.mqtt!.user).toBeUndefined();
  });

  it.each<[MqttOptions, RegExp]>([
    [{ mqtt: "house" }, /^--mqtt: expected an address such as mqtt:/],
    [{ mqtt: "http://house" }, /^--mqtt: expected an address/],
    [{ mqtt: "mqtt://" }, /^--mqtt: expected an address/],
    [{ mqtt: "mqtt://u:s3cret@house" }, /^--mqtt: given a password; .*--mqtt-password-file F$/],
    [{ mqtt: "mqtt://50%@house" }, /^--mqtt: given a user with a stray %; expected %25/],
    [{ mqtt: "mqtt://house/topic" }, /^--mqtt: expected nothing behind/],
    [{ mqtt: "mqtt://house", broker: true }, /^--mqtt and --broker: expected one of them/],
    [{ mqttUser: "u" }, /^--mqtt-user: given without --mqtt URL or --broker/],
    [{ mqttPasswordFile: "f" }, /^--mqtt-password-file: given without --mqtt/],
    [{ broker: true, mqttCa: "f" }, /^--mqtt-ca: given without --mqtt URL/],
    [{ broker: true, mqttUser: "u" }, /^--broker: expected --mqtt-user NAME and --mqtt-pass/],
    [{ broker: true, mqttUser: "u", mqttPasswordFile: "/dev/null" }, /^--broker: expected/],
    [{ broker: true, mqttPasswordFile: "/dev/null" }, /^--broker: expected/],
    [{ mqttCommands: true }, /^--mqtt-commands: expected --mqtt URL or --broker/],
    [{ brokerPort: 7 }, /^--broker-port: given without --broker, which/],
    [{ mqtt: "mqtt://h", brokerHost: "::" }, /^--broker-host: given without --broker, which/],
    [{ broker: true, mqttDiscovery: "a/#" }, /^--mqtt-discovery: given "a\/#", expected a topic/],
    [{ mqtt: "mqtt://h", mqttDiscovery: "" }, /^--mqtt-discovery: given "", expected a topic/],
    [{ mqtt: "mqtt://h", mqttPasswordFile: "/none" }, /^--mqtt-password-file \/none: there is no/],
    [{ mqtt: "mqtt://h", mqttCa: "/none" }, /^--mqtt-ca \/none: there is no such file/],
  ])("%j are refused in one line that shows no secret", (given, words) => {
    let said = "";
    try {
      readMqtt(given);
    } catch (error) {
      said = (error as Error).message;
    }
    expect(said).toMatch(words);
    expect(said).not.toMatch(/s3cret|\n/);
  });

  it("stand in the file, its paths beside it, and in the environment over it", () => {
    const at = temporaryFolder();
    const path = join(at, "config.yaml");
    writeFileSync(path, "mqtt: mqtt://a\nmqttPasswordFile: pass\nmqttCa: ca\nmqttCommands: true\n");
    const env = {
      NEXTBEAT_MQTT: "mqtt://b",
      NEXTBEAT_MQTT_VERSION: "5",
      NEXTBEAT_BROKER_PORT: "7",
    };
    expect(readConfig(path, env).options).toMatchObject({
      ...{ mqtt: "mqtt://b", mqttVersion: "5", mqttCommands: true, brokerPort: 7 },
      ...{ mqttPasswordFile: join(at, "pass"), mqttCa: join(at, "ca") },
    });
    writeFileSync(path, "mqttDiscovery: 'a b'\n");
    expect(() => readConfig(path, {})).toThrow(/expected a topic such as homeassistant, or off/);
  });
});

describe("the command line", () => {
  it("refuses what makes no sense before anything is opened", async () => {
    const gateway = ["gateway", "--data", temporaryFolder()];
    await refused(
      2,
      "given a password; expected it in a file",
      ...gateway,
      "--mqtt",
      "mqtt://u:p@h",
    );
    await refused(2, "expected one of them", ...gateway, "--mqtt", "mqtt://h", "--broker");
    await refused(2, "3.1.1, 5", ...gateway, "--mqtt", "mqtt://h", "--mqtt-version", "4");
  });

  it("says that the broker's port is in use, and opens nothing then", async () => {
    const { createServer } = await import("node:net");
    const taken = createServer().listen(0, "127.0.0.1");
    await new Promise((done) => taken.once("listening", done));
    const { port } = taken.address() as { port: number };
    const ports = ["--udp-port", "0", "--http-port", "0", "--udp-host", "127.0.0.1"];
    const flags = ["--data", temporaryFolder(), ...ports, "--broker", "--broker-port", `${port}`];
    await refused(1, `--broker-port: ${port} at 127.0.0.1 is in use`, "gateway", ...flags);
    taken.close();
  });
});
