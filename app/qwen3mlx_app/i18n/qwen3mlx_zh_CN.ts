<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="zh_CN">
<context>
    <name>AccessGroup</name>
    <message>
        <source>Port</source>
        <translation>端口</translation>
    </message>
    <message>
        <source>any free one</source>
        <translation>任意空闲端口</translation>
    </message>
    <message>
        <source>Only this computer can reach it.</source>
        <translation>只有这台电脑可以访问。</translation>
    </message>
    <message>
        <source>Web pages that may call it</source>
        <translation>可以调用它的网页</translation>
    </message>
    <message>
        <source>Their addresses, with commas between them. Others are refused.</source>
        <translation>填写网址，用逗号分隔。其他网页会被拒绝。</translation>
    </message>
    <message>
        <source>Save</source>
        <translation>保存</translation>
    </message>
    <message>
        <source>Restart the server, and they count.</source>
        <translation>重新启动服务器后生效。</translation>
    </message>
    <message>
        <source>These count after a restart of the server.</source>
        <translation>重新启动服务器后生效。</translation>
    </message>
</context>
<context>
    <name>BlockWidget</name>
    <message>
        <source>Copy</source>
        <translation>复制</translation>
    </message>
    <message>
        <source>Copy the code</source>
        <translation>复制代码</translation>
    </message>
</context>
<context>
    <name>CallCard</name>
    <message>
        <source>Tool call: {name}</source>
        <translation>工具调用：{name}</translation>
    </message>
</context>
<context>
    <name>ChatPage</name>
    <message>
        <source>Settings of the conversation</source>
        <translation>对话设置</translation>
    </message>
    <message>
        <source>Waiting for the model…</source>
        <translation>正在等待模型…</translation>
    </message>
    <message>
        <source>Reading: {done} of {total} tokens</source>
        <translation>正在读取：{done} / {total} 个词元</translation>
    </message>
    <message>
        <source>Loading {model}: {percent}%</source>
        <translation>正在加载 {model}：{percent}%</translation>
    </message>
</context>
<context>
    <name>ChatPanel</name>
    <message>
        <source>Settings of the conversation</source>
        <translation>对话设置</translation>
    </message>
    <message>
        <source>Sampling</source>
        <translation>采样</translation>
    </message>
    <message>
        <source>Reset to the model&apos;s own</source>
        <translation>恢复为模型默认值</translation>
    </message>
    <message>
        <source>Preset</source>
        <translation>预设</translation>
    </message>
    <message>
        <source>Save as a preset…</source>
        <translation>保存为预设…</translation>
    </message>
    <message>
        <source>Delete the preset</source>
        <translation>删除预设</translation>
    </message>
    <message>
        <source>System prompt</source>
        <translation>系统提示词</translation>
    </message>
    <message>
        <source>Who the model is, and how it is to answer</source>
        <translation>模型的身份，以及它该如何回答</translation>
    </message>
    <message>
        <source>Thinking budget</source>
        <translation>思考预算</translation>
    </message>
    <message>
        <source>no limit</source>
        <translation>不限</translation>
    </message>
    <message>
        <source>{count} tokens</source>
        <translation>{count} 个词元</translation>
    </message>
    <message>
        <source>Custom</source>
        <translation>自定义</translation>
    </message>
    <message>
        <source>Save as a preset</source>
        <translation>保存为预设</translation>
    </message>
    <message>
        <source>Name of the preset</source>
        <translation>预设名称</translation>
    </message>
</context>
<context>
    <name>Composer</name>
    <message>
        <source>Editing an earlier message — Esc leaves it as it is</source>
        <translation>正在编辑之前的消息 — 按 Esc 保持原样</translation>
    </message>
    <message>
        <source>Ask Qwen…</source>
        <translation>向 Qwen 提问…</translation>
    </message>
    <message>
        <source>Message</source>
        <translation>消息</translation>
    </message>
    <message>
        <source>A switch in the message decides this time</source>
        <translation>这次由消息中的开关决定</translation>
    </message>
    <message>
        <source>This model always thinks before answering</source>
        <translation>此模型总是先思考再回答</translation>
    </message>
    <message>
        <source>This model does not think before answering</source>
        <translation>此模型回答前不思考</translation>
    </message>
    <message>
        <source> (short context only)</source>
        <translation>（仅限较短上下文）</translation>
    </message>
    <message>
        <source> (too large)</source>
        <translation>（太大）</translation>
    </message>
    <message>
        <source>{percent}% of {size}</source>
        <translation>{size} 的 {percent}%</translation>
    </message>
    <message>
        <source>{used} of {total} tokens</source>
        <translation>{used} / {total} 个词元</translation>
    </message>
    <message>
        <source>{count} tokens</source>
        <translation>{count} 个词元</translation>
    </message>
    <message>
        <source>Remove {name}</source>
        <translation>移除 {name}</translation>
    </message>
    <message>
        <source>Attach files</source>
        <translation>附加文件</translation>
    </message>
    <message>
        <source>Attach text, code, PDF or Word files</source>
        <translation>附加文本、代码、PDF 或 Word 文件</translation>
    </message>
    <message>
        <source>Think</source>
        <translation>思考</translation>
    </message>
    <message>
        <source>Think before answering</source>
        <translation>回答前先思考</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Context used</source>
        <translation>已用上下文</translation>
    </message>
    <message>
        <source>Send</source>
        <translation>发送</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>停止</translation>
    </message>
</context>
<context>
    <name>ConnectGroup</name>
    <message>
        <source>Client</source>
        <translation>客户端</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>复制</translation>
    </message>
    <message>
        <source>Copy the snippet</source>
        <translation>复制示例</translation>
    </message>
    <message>
        <source>Snippet</source>
        <translation>示例</translation>
    </message>
</context>
<context>
    <name>FirstRun</name>
    <message>
        <source>Welcome</source>
        <translation>欢迎</translation>
    </message>
    <message>
        <source>Start</source>
        <translation>开始</translation>
    </message>
    <message>
        <source>Welcome to qwen3mlx</source>
        <translation>欢迎使用 qwen3mlx</translation>
    </message>
    <message>
        <source>Qwen3 on your own computer: chat here, or serve other programs.</source>
        <translation>在自己的电脑上运行 Qwen3：在这里对话，或为其他程序提供服务。</translation>
    </message>
    <message>
        <source>Private</source>
        <translation>私密</translation>
    </message>
    <message>
        <source>What you write stays on this computer. Nothing is sent anywhere, and nothing is downloaded unless you ask for it.</source>
        <translation>你写的内容都留在这台电脑上。不会发送到任何地方，也不会在你没有要求时下载任何东西。</translation>
    </message>
    <message>
        <source>A demo is ready</source>
        <translation>演示模型已就绪</translation>
    </message>
    <message>
        <source>It is tiny, made to show how everything works: it counts letters, adds numbers, calls tools, and knows little else.</source>
        <translation>它很小，只用来展示各项功能：能数字母、做加法、调用工具，除此之外所知甚少。</translation>
    </message>
    <message>
        <source>Bring a Qwen3 model</source>
        <translation>添加 Qwen3 模型</translation>
    </message>
    <message>
        <source>Models in the Hugging Face cache and in LM Studio&apos;s folder are found by themselves. Add other folders on the Models page, or drop one here.</source>
        <translation>Hugging Face 缓存和 LM Studio 文件夹中的模型会自动找到。其他文件夹可在“模型”页添加，或直接拖到这里。</translation>
    </message>
    <message>
        <source>Open the Models page</source>
        <translation>打开“模型”页</translation>
    </message>
    <message>
        <source>Try one:</source>
        <translation>试一试：</translation>
    </message>
    <message>
        <source>How many r&apos;s are in strawberry?</source>
        <translation>How many r&apos;s are in strawberry?</translation>
    </message>
    <message>
        <source>What is 27 + 45?</source>
        <translation>What is 27 + 45?</translation>
    </message>
    <message>
        <source>Who are you?</source>
        <translation>你是谁？</translation>
    </message>
    <message>
        <source>{all} finds everything you can do, {keys} shows the keys for it.</source>
        <translation>按 {all} 可查找所有操作，按 {keys} 可查看快捷键。</translation>
    </message>
</context>
<context>
    <name>Footer</name>
    <message>
        <source>Previous version</source>
        <translation>上一个版本</translation>
    </message>
    <message>
        <source>Next version</source>
        <translation>下一个版本</translation>
    </message>
    <message>
        <source>Copy the message</source>
        <translation>复制消息</translation>
    </message>
    <message>
        <source>Edit the message</source>
        <translation>编辑消息</translation>
    </message>
    <message>
        <source>Answer again</source>
        <translation>重新回答</translation>
    </message>
    <message>
        <source>Branch from here</source>
        <translation>从这里分支</translation>
    </message>
    <message>
        <source>Delete from here on</source>
        <translation>从这里起删除</translation>
    </message>
    <message>
        <source>Continue the answer</source>
        <translation>继续回答</translation>
    </message>
    <message>
        <source>{rate} tokens/s</source>
        <translation>{rate} 词元/秒</translation>
    </message>
    <message>
        <source>first after {seconds} s</source>
        <translation>{seconds} 秒后开始</translation>
    </message>
    <message>
        <source>{count} tokens</source>
        <translation>{count} 个词元</translation>
    </message>
    <message>
        <source>{count} cached</source>
        <translation>{count} 个来自缓存</translation>
    </message>
    <message>
        <source>length limit</source>
        <translation>达到长度上限</translation>
    </message>
    <message>
        <source>tool calls</source>
        <translation>工具调用</translation>
    </message>
    <message>
        <source>stopped</source>
        <translation>已停止</translation>
    </message>
</context>
<context>
    <name>Greeting</name>
    <message>
        <source>What can Qwen do for you?</source>
        <translation>Qwen 可以帮你做什么？</translation>
    </message>
    <message>
        <source>Everything you write stays on this computer.</source>
        <translation>你写的一切都留在这台电脑上。</translation>
    </message>
</context>
<context>
    <name>HitDelegate</name>
    <message>
        <source>Untitled</source>
        <translation>未命名</translation>
    </message>
</context>
<context>
    <name>HitList</name>
    <message>
        <source>Found</source>
        <translation>搜索结果</translation>
    </message>
</context>
<context>
    <name>JobCard</name>
    <message>
        <source>Progress</source>
        <translation>进度</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Load it</source>
        <translation>加载</translation>
    </message>
    <message>
        <source>Making {name}</source>
        <translation>正在生成 {name}</translation>
    </message>
    <message>
        <source>{name} waits</source>
        <translation>{name} 已暂停</translation>
    </message>
    <message>
        <source>{name} is ready</source>
        <translation>{name} 已完成</translation>
    </message>
    <message>
        <source>{name} could not be made</source>
        <translation>{name} 未能生成</translation>
    </message>
    <message>
        <source>Pause</source>
        <translation>暂停</translation>
    </message>
    <message>
        <source>Go on</source>
        <translation>继续</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>What is written stays, and nothing is in the memory.</source>
        <translation>已写入的部分会保留，内存中没有任何数据。</translation>
    </message>
    <message>
        <source>It is among the models.</source>
        <translation>它已在模型列表中。</translation>
    </message>
    <message>
        <source>Reading it back, and measuring what it cost…</source>
        <translation>正在回读并测量损失…</translation>
    </message>
    <message>
        <source>{percent}, about {minutes}:{seconds} left</source>
        <translation>{percent}，约剩 {minutes}:{seconds}</translation>
    </message>
</context>
<context>
    <name>KeysGroup</name>
    <message>
        <source>No key: every program on this computer gets answers, and may load models.</source>
        <translation>没有密钥：这台电脑上的任何程序都可以获得回答，也可以加载模型。</translation>
    </message>
    <message>
        <source>Name of a new key</source>
        <translation>新密钥的名称</translation>
    </message>
    <message>
        <source>What a new key is for</source>
        <translation>新密钥的用途</translation>
    </message>
    <message>
        <source>Answers</source>
        <translation>获得回答</translation>
    </message>
    <message>
        <source>Answers and models</source>
        <translation>获得回答并管理模型</translation>
    </message>
    <message>
        <source>Everything</source>
        <translation>全部权限</translation>
    </message>
    <message>
        <source>never used</source>
        <translation>从未使用</translation>
    </message>
    <message>
        <source>used {day}</source>
        <translation>{day} 使用过</translation>
    </message>
    <message>
        <source>Create</source>
        <translation>创建</translation>
    </message>
    <message>
        <source>Create a key</source>
        <translation>创建密钥</translation>
    </message>
    <message>
        <source>Revoke</source>
        <translation>吊销</translation>
    </message>
    <message>
        <source>Revoke {name}</source>
        <translation>吊销 {name}</translation>
    </message>
    <message>
        <source>{key} — this is {name}, copied already. It is not shown again.</source>
        <translation>{key} — 这是 {name}，已复制。之后不再显示。</translation>
    </message>
</context>
<context>
    <name>LogGroup</name>
    <message>
        <source>Time</source>
        <translation>时间</translation>
    </message>
    <message>
        <source>Status</source>
        <translation>状态</translation>
    </message>
    <message>
        <source>Request</source>
        <translation>请求</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Read</source>
        <translation>读取</translation>
    </message>
    <message>
        <source>Cached</source>
        <translation>缓存</translation>
    </message>
    <message>
        <source>Written</source>
        <translation>写出</translation>
    </message>
    <message>
        <source>ms</source>
        <translation>毫秒</translation>
    </message>
    <message>
        <source>Client</source>
        <translation>客户端</translation>
    </message>
    <message>
        <source>Filter by path, client or model</source>
        <translation>按路径、客户端或模型筛选</translation>
    </message>
    <message>
        <source>Filter requests</source>
        <translation>筛选请求</translation>
    </message>
    <message>
        <source>All</source>
        <translation>全部</translation>
    </message>
    <message>
        <source>Successful</source>
        <translation>成功</translation>
    </message>
    <message>
        <source>Failed</source>
        <translation>失败</translation>
    </message>
    <message>
        <source>Requests</source>
        <translation>请求</translation>
    </message>
</context>
<context>
    <name>MainWindow</name>
    <message>
        <source>Import conversations</source>
        <translation>导入对话</translation>
    </message>
    <message>
        <source>Exports (*.json *.zip)</source>
        <translation>导出文件 (*.json *.zip)</translation>
    </message>
    <message>
        <source>Qwen3 on your own computer. Version {version}.</source>
        <translation>在自己的电脑上运行 Qwen3。版本 {version}。</translation>
    </message>
    <message>
        <source>Export</source>
        <translation>导出</translation>
    </message>
    <message>
        <source>Markdown (*.md);;JSON (*.json)</source>
        <translation>Markdown (*.md);;JSON (*.json)</translation>
    </message>
</context>
<context>
    <name>MemoryGroup</name>
    <message>
        <source>Memory used</source>
        <translation>已用内存</translation>
    </message>
    <message>
        <source>Weights</source>
        <translation>权重</translation>
    </message>
    <message>
        <source>Running answers</source>
        <translation>正在进行的回答</translation>
    </message>
    <message>
        <source>Kept prompts</source>
        <translation>保留的提示</translation>
    </message>
    <message>
        <source>Free</source>
        <translation>空闲</translation>
    </message>
</context>
<context>
    <name>Menus</name>
    <message>
        <source>Answer with {name}</source>
        <translation>用 {name} 回答</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Unload {name}</source>
        <translation>卸载 {name}</translation>
    </message>
    <message>
        <source>Load {name}</source>
        <translation>加载 {name}</translation>
    </message>
    <message>
        <source>Use the preset {name}</source>
        <translation>使用预设 {name}</translation>
    </message>
    <message>
        <source>Preset</source>
        <translation>预设</translation>
    </message>
    <message>
        <source>Conversation</source>
        <translation>对话</translation>
    </message>
    <message>
        <source>Untitled</source>
        <translation>未命名</translation>
    </message>
</context>
<context>
    <name>MessageCard</name>
    <message>
        <source>You</source>
        <translation>你</translation>
    </message>
    <message>
        <source>Answer</source>
        <translation>回答</translation>
    </message>
    <message>
        <source>Result</source>
        <translation>结果</translation>
    </message>
</context>
<context>
    <name>MessageList</name>
    <message>
        <source>Conversation</source>
        <translation>对话</translation>
    </message>
</context>
<context>
    <name>ModelCard</name>
    <message>
        <source>Settings</source>
        <translation>设置</translation>
    </message>
    <message>
        <source>Loading</source>
        <translation>正在加载</translation>
    </message>
    <message>
        <source>not quantized</source>
        <translation>未量化</translation>
    </message>
    <message>
        <source>in memory with {count} tokens of context</source>
        <translation>已在内存中，上下文 {count} 个词元</translation>
    </message>
    <message>
        <source>Unload</source>
        <translation>卸载</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Load</source>
        <translation>加载</translation>
    </message>
    <message>
        <source>Settings of {name}</source>
        <translation>{name} 的设置</translation>
    </message>
    <message>
        <source>Show the files of {name}</source>
        <translation>显示 {name} 的文件</translation>
    </message>
    <message>
        <source>Show its files</source>
        <translation>显示文件</translation>
    </message>
    <message>
        <source>Fits: needs {needed} of {limit} with {count} tokens of context</source>
        <translation>可以运行：上下文 {count} 个词元时需要 {needed}，可用 {limit}</translation>
    </message>
    <message>
        <source>Fits with up to {count} tokens of context</source>
        <translation>上下文不超过 {count} 个词元时可以运行</translation>
    </message>
    <message>
        <source>Too large: needs {needed}, {limit} can be used</source>
        <translation>太大：需要 {needed}，可用 {limit}</translation>
    </message>
</context>
<context>
    <name>ModelSettingsForm</name>
    <message>
        <source>When it is loaded</source>
        <translation>加载时</translation>
    </message>
    <message>
        <source>Sampling, where a request says nothing</source>
        <translation>采样（请求未指定时）</translation>
    </message>
    <message>
        <source>Context length</source>
        <translation>上下文长度</translation>
    </message>
    <message>
        <source>In tokens. Longer needs more memory.</source>
        <translation>单位为词元。越长越占内存。</translation>
    </message>
    <message>
        <source>Longer context with YaRN</source>
        <translation>用 YaRN 扩展上下文</translation>
    </message>
    <message>
        <source>Off</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>{factor} times as long</source>
        <translation>{factor} 倍长度</translation>
    </message>
    <message>
        <source>Only where long texts are needed: short ones may be answered less well.</source>
        <translation>仅在需要长文本时使用：短文本的回答可能会变差。</translation>
    </message>
    <message>
        <source>Keys and values</source>
        <translation>键值缓存</translation>
    </message>
    <message>
        <source>Full</source>
        <translation>完整</translation>
    </message>
    <message>
        <source>8 bits</source>
        <translation>8 位</translation>
    </message>
    <message>
        <source>4 bits</source>
        <translation>4 位</translation>
    </message>
    <message>
        <source>Fewer bits: more context in the memory.</source>
        <translation>位数越少，内存能容纳的上下文越长。</translation>
    </message>
    <message>
        <source>Unload after minutes</source>
        <translation>空闲多少分钟后卸载</translation>
    </message>
    <message>
        <source>In which nobody asked it anything.</source>
        <translation>期间没有任何请求。</translation>
    </message>
    <message>
        <source>Reset to the model&apos;s own</source>
        <translation>恢复为模型默认值</translation>
    </message>
    <message>
        <source>Save</source>
        <translation>保存</translation>
    </message>
    <message>
        <source>as the server</source>
        <translation>同服务器</translation>
    </message>
</context>
<context>
    <name>ModelsPage</name>
    <message>
        <source>Models</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Nothing found.</source>
        <translation>没有找到。</translation>
    </message>
    <message>
        <source>Only the demo is here so far. Download a Qwen3 model with Hugging Face&apos;s own tools or with LM Studio and it is found by itself, or add the folder it is in.</source>
        <translation>目前只有演示模型。用 Hugging Face 自己的工具或 LM Studio 下载 Qwen3 模型后会自动找到，也可以添加它所在的文件夹。</translation>
    </message>
    <message>
        <source>Another folder</source>
        <translation>其他文件夹</translation>
    </message>
    <message>
        <source>A model, or a folder of models. It can be dropped on the window, too.</source>
        <translation>一个模型，或存放模型的文件夹。也可以直接拖到窗口上。</translation>
    </message>
    <message>
        <source>Folders</source>
        <translation>文件夹</translation>
    </message>
    <message>
        <source>Filter models</source>
        <translation>筛选模型</translation>
    </message>
    <message>
        <source>Order</source>
        <translation>排序</translation>
    </message>
    <message>
        <source>In memory first</source>
        <translation>已在内存的优先</translation>
    </message>
    <message>
        <source>By name</source>
        <translation>按名称</translation>
    </message>
    <message>
        <source>By size</source>
        <translation>按大小</translation>
    </message>
    <message>
        <source>Add a folder…</source>
        <translation>添加文件夹…</translation>
    </message>
    <message>
        <source>{count} models</source>
        <translation>{count} 个模型</translation>
    </message>
    <message>
        <source>not there</source>
        <translation>不存在</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>移除</translation>
    </message>
    <message>
        <source>Remove {name}</source>
        <translation>移除 {name}</translation>
    </message>
    <message>
        <source>A folder with models</source>
        <translation>存放模型的文件夹</translation>
    </message>
</context>
<context>
    <name>NoticeBar</name>
    <message>
        <source>Close the notice</source>
        <translation>关闭通知</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>撤销</translation>
    </message>
    <message>
        <source>Start the server</source>
        <translation>启动服务器</translation>
    </message>
    <message>
        <source>Try again</source>
        <translation>重试</translation>
    </message>
</context>
<context>
    <name>Palette</name>
    <message>
        <source>What do you want to do?</source>
        <translation>你想做什么？</translation>
    </message>
    <message>
        <source>Command</source>
        <translation>命令</translation>
    </message>
    <message>
        <source>Commands</source>
        <translation>命令列表</translation>
    </message>
    <message>
        <source>Nothing found.</source>
        <translation>没有找到。</translation>
    </message>
</context>
<context>
    <name>QuantizePage</name>
    <message>
        <source>Quantize</source>
        <translation>量化</translation>
    </message>
    <message>
        <source>Divergence over size</source>
        <translation>散度与大小</translation>
    </message>
    <message>
        <source>How much tokens diverge</source>
        <translation>各词元的散度</translation>
    </message>
    <message>
        <source>Divergence over size: lower and further left is better</source>
        <translation>散度与大小：越低、越靠左越好</translation>
    </message>
    <message>
        <source>Share of the tokens, by how much they diverge</source>
        <translation>按散度统计的词元比例</translation>
    </message>
    <message>
        <source>What it cost</source>
        <translation>量化的代价</translation>
    </message>
    <message>
        <source>Checkpoint</source>
        <translation>检查点</translation>
    </message>
    <message>
        <source>In float, as it was published. It is only read.</source>
        <translation>发布时的浮点权重，只会读取。</translation>
    </message>
    <message>
        <source>Recipe</source>
        <translation>方案</translation>
    </message>
    <message>
        <source>Method</source>
        <translation>方法</translation>
    </message>
    <message>
        <source>Measure what it costs</source>
        <translation>测量代价</translation>
    </message>
    <message>
        <source>Compares it with the checkpoint, which must go into the memory for that.</source>
        <translation>与原检查点比较，为此内存须能容纳原检查点。</translation>
    </message>
    <message>
        <source>Start</source>
        <translation>开始</translation>
    </message>
    <message>
        <source>4 bit: the usual choice</source>
        <translation>4 位：常用选择</translation>
    </message>
    <message>
        <source>8 bit: no loss to speak of</source>
        <translation>8 位：几乎无损</translation>
    </message>
    <message>
        <source>6 bit</source>
        <translation>6 位</translation>
    </message>
    <message>
        <source>5 bit</source>
        <translation>5 位</translation>
    </message>
    <message>
        <source>4 to 8 bit: more where it counts</source>
        <translation>4 到 8 位：重要处更多位</translation>
    </message>
    <message>
        <source>3 bit: where nothing else fits</source>
        <translation>3 位：其他都放不下时</translation>
    </message>
    <message>
        <source>Search scales</source>
        <translation>搜索缩放系数</translation>
    </message>
    <message>
        <source>Correct errors (slower)</source>
        <translation>修正误差（较慢）</translation>
    </message>
    <message>
        <source>Round</source>
        <translation>直接取整</translation>
    </message>
    <message>
        <source>Choose a folder…</source>
        <translation>选择文件夹…</translation>
    </message>
    <message>
        <source>A checkpoint in float</source>
        <translation>浮点检查点</translation>
    </message>
    <message>
        <source>No checkpoint in float is here: choose a folder.</source>
        <translation>这里没有浮点检查点：请选择文件夹。</translation>
    </message>
    <message>
        <source>Looking at it…</source>
        <translation>正在查看…</translation>
    </message>
    <message>
        <source>{size}, {bits} bits per weight</source>
        <translation>{size}，每权重 {bits} 位</translation>
    </message>
    <message>
        <source>fits into {limit}</source>
        <translation>可放入 {limit}</translation>
    </message>
    <message>
        <source>more than {limit}</source>
        <translation>超过 {limit}</translation>
    </message>
</context>
<context>
    <name>Rail</name>
    <message>
        <source>Chat</source>
        <translation>对话</translation>
    </message>
    <message>
        <source>Models</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Quantize</source>
        <translation>量化</translation>
    </message>
    <message>
        <source>Server</source>
        <translation>服务器</translation>
    </message>
    <message>
        <source>Settings</source>
        <translation>设置</translation>
    </message>
</context>
<context>
    <name>ResultsTable</name>
    <message>
        <source>Size</source>
        <translation>大小</translation>
    </message>
    <message>
        <source>Bits per weight</source>
        <translation>每权重位数</translation>
    </message>
    <message>
        <source>KL, mean</source>
        <translation>平均 KL</translation>
    </message>
    <message>
        <source>Same top token</source>
        <translation>首选词元相同</translation>
    </message>
    <message>
        <source>Perplexity</source>
        <translation>困惑度</translation>
    </message>
    <message>
        <source>Take {name} off the list</source>
        <translation>从列表移除 {name}</translation>
    </message>
</context>
<context>
    <name>RichText</name>
    <message>
        <source>{count} more characters: copy the answer to have all of it.</source>
        <translation>还有 {count} 个字符：复制回答即可得到全部内容。</translation>
    </message>
</context>
<context>
    <name>RowDelegate</name>
    <message>
        <source>Name of the folder</source>
        <translation>文件夹名称</translation>
    </message>
    <message>
        <source>Name of the conversation</source>
        <translation>对话名称</translation>
    </message>
</context>
<context>
    <name>RunningGroup</name>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>For</source>
        <translation>来自</translation>
    </message>
    <message>
        <source>State</source>
        <translation>状态</translation>
    </message>
    <message>
        <source>Tokens</source>
        <translation>词元</translation>
    </message>
    <message>
        <source>Tokens/s</source>
        <translation>词元/秒</translation>
    </message>
    <message>
        <source>Seconds</source>
        <translation>秒</translation>
    </message>
    <message>
        <source>Running now</source>
        <translation>正在运行</translation>
    </message>
    <message>
        <source>Nothing at the moment.</source>
        <translation>目前没有。</translation>
    </message>
    <message>
        <source>waits</source>
        <translation>等待中</translation>
    </message>
    <message>
        <source>answers</source>
        <translation>正在回答</translation>
    </message>
    <message>
        <source>reads, {percent}%</source>
        <translation>正在读取，{percent}%</translation>
    </message>
</context>
<context>
    <name>SamplingForm</name>
    <message>
        <source>Temperature</source>
        <translation>温度</translation>
    </message>
    <message>
        <source>Top P</source>
        <translation>Top P</translation>
    </message>
    <message>
        <source>Top K</source>
        <translation>Top K</translation>
    </message>
    <message>
        <source>Min P</source>
        <translation>Min P</translation>
    </message>
    <message>
        <source>Presence penalty</source>
        <translation>存在惩罚</translation>
    </message>
    <message>
        <source>Frequency penalty</source>
        <translation>频率惩罚</translation>
    </message>
    <message>
        <source>Repetition penalty</source>
        <translation>重复惩罚</translation>
    </message>
    <message>
        <source>Most tokens</source>
        <translation>最多词元</translation>
    </message>
    <message>
        <source>Seed</source>
        <translation>随机种子</translation>
    </message>
    <message>
        <source>no limit</source>
        <translation>不限</translation>
    </message>
    <message>
        <source>random</source>
        <translation>随机</translation>
    </message>
    <message>
        <source>off</source>
        <translation>关闭</translation>
    </message>
</context>
<context>
    <name>ServerPage</name>
    <message>
        <source>Server</source>
        <translation>服务器</translation>
    </message>
    <message>
        <source>Keys</source>
        <translation>密钥</translation>
    </message>
    <message>
        <source>Connect</source>
        <translation>连接</translation>
    </message>
    <message>
        <source>Memory</source>
        <translation>内存</translation>
    </message>
    <message>
        <source>Running now</source>
        <translation>正在运行</translation>
    </message>
    <message>
        <source>Access</source>
        <translation>访问</translation>
    </message>
    <message>
        <source>Requests</source>
        <translation>请求</translation>
    </message>
    <message>
        <source>Copy the address</source>
        <translation>复制地址</translation>
    </message>
    <message>
        <source>Restart</source>
        <translation>重新启动</translation>
    </message>
    <message>
        <source>Server on</source>
        <translation>开启服务器</translation>
    </message>
    <message>
        <source>The server is off</source>
        <translation>服务器已关闭</translation>
    </message>
    <message>
        <source>The server is on</source>
        <translation>服务器已开启</translation>
    </message>
    <message>
        <source>The server cannot be started</source>
        <translation>服务器无法启动</translation>
    </message>
    <message>
        <source>The server is starting…</source>
        <translation>服务器正在启动…</translation>
    </message>
    <message>
        <source>The server is ending…</source>
        <translation>服务器正在关闭…</translation>
    </message>
</context>
<context>
    <name>SettingsPage</name>
    <message>
        <source>Settings</source>
        <translation>设置</translation>
    </message>
    <message>
        <source>General</source>
        <translation>通用</translation>
    </message>
    <message>
        <source>Appearance</source>
        <translation>外观</translation>
    </message>
    <message>
        <source>Chat</source>
        <translation>对话</translation>
    </message>
    <message>
        <source>Downloads</source>
        <translation>下载</translation>
    </message>
    <message>
        <source>Memory of the server</source>
        <translation>服务器内存</translation>
    </message>
    <message>
        <source>Privacy</source>
        <translation>隐私</translation>
    </message>
    <message>
        <source>Advanced</source>
        <translation>高级</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>语言</translation>
    </message>
    <message>
        <source>As the system</source>
        <translation>跟随系统</translation>
    </message>
    <message>
        <source>After a restart.</source>
        <translation>重启后生效。</translation>
    </message>
    <message>
        <source>Show in the menu bar</source>
        <translation>在菜单栏显示</translation>
    </message>
    <message>
        <source>The server goes on there when the window is closed.</source>
        <translation>关闭窗口后，服务器仍在那里运行。</translation>
    </message>
    <message>
        <source>Notifications</source>
        <translation>通知</translation>
    </message>
    <message>
        <source>Theme</source>
        <translation>主题</translation>
    </message>
    <message>
        <source>Light</source>
        <translation>浅色</translation>
    </message>
    <message>
        <source>Dark</source>
        <translation>深色</translation>
    </message>
    <message>
        <source>Open the folder</source>
        <translation>打开文件夹</translation>
    </message>
    <message>
        <source>Conversations and settings</source>
        <translation>对话与设置</translation>
    </message>
    <message>
        <source>Reset</source>
        <translation>重置</translation>
    </message>
    <message>
        <source>Reset the settings of the window</source>
        <translation>重置窗口设置</translation>
    </message>
    <message>
        <source>Settings of the window</source>
        <translation>窗口设置</translation>
    </message>
    <message>
        <source>As they were at the first start. Conversations stay.</source>
        <translation>恢复到首次启动时的状态，对话会保留。</translation>
    </message>
    <message>
        <source>Enter</source>
        <translation>回车</translation>
    </message>
    <message>
        <source>Ctrl or ⌘ and Enter</source>
        <translation>Ctrl 或 ⌘ 加回车</translation>
    </message>
    <message>
        <source>Size of text</source>
        <translation>文字大小</translation>
    </message>
    <message>
        <source>Start the server with the window</source>
        <translation>随窗口启动服务器</translation>
    </message>
    <message>
        <source>When long work ends while the window is not in front. Needs the item in the menu bar.</source>
        <translation>当窗口不在前面而耗时的工作结束时。需要在菜单栏显示。</translation>
    </message>
    <message>
        <source>{least} to {most} pixels.</source>
        <translation>{least} 到 {most} 像素。</translation>
    </message>
    <message>
        <source>Reduce motion</source>
        <translation>减少动态效果</translation>
    </message>
    <message>
        <source>Send with</source>
        <translation>发送方式</translation>
    </message>
    <message>
        <source>Let the model write titles</source>
        <translation>让模型撰写标题</translation>
    </message>
    <message>
        <source>Mirror of Hugging Face</source>
        <translation>Hugging Face 镜像</translation>
    </message>
    <message>
        <source>Where the server downloads what its clients ask for. After its restart.</source>
        <translation>服务器为其客户端下载模型的来源。服务器重启后生效。</translation>
    </message>
    <message>
        <source>Limit, GB</source>
        <translation>上限（GB）</translation>
    </message>
    <message>
        <source>For weights, keys and values together.</source>
        <translation>权重与键值缓存合计。</translation>
    </message>
    <message>
        <source>Kept prompts, GB</source>
        <translation>保留的提示（GB）</translation>
    </message>
    <message>
        <source>So that a conversation need not be read again.</source>
        <translation>这样就不必重新读取整个对话。</translation>
    </message>
    <message>
        <source>Answers at once</source>
        <translation>同时进行的回答</translation>
    </message>
    <message>
        <source>Others wait for their turn.</source>
        <translation>其余的排队等候。</translation>
    </message>
    <message>
        <source>what suits the computer</source>
        <translation>由电脑决定</translation>
    </message>
    <message>
        <source>Nothing you write leaves this computer. The window talks to its own server on this computer only, and sends no statistics.</source>
        <translation>你写的内容不会离开这台电脑。窗口只与这台电脑上自己的服务器通信，不发送任何统计数据。</translation>
    </message>
    <message>
        <source>These count after a restart of the server.</source>
        <translation>重新启动服务器后生效。</translation>
    </message>
    <message>
        <source>The server keeps these: turn it on to change them.</source>
        <translation>这些设置由服务器保存：启动服务器后即可修改。</translation>
    </message>
</context>
<context>
    <name>ShortcutSheet</name>
    <message>
        <source>Keyboard Shortcuts</source>
        <translation>键盘快捷键</translation>
    </message>
    <message>
        <source>Done</source>
        <translation>完成</translation>
    </message>
    <message>
        <source>Send the message</source>
        <translation>发送消息</translation>
    </message>
    <message>
        <source>A new line in the message</source>
        <translation>在消息中换行</translation>
    </message>
    <message>
        <source>Stop the answer, or leave an edit</source>
        <translation>停止回答，或退出编辑</translation>
    </message>
</context>
<context>
    <name>Sidebar</name>
    <message>
        <source>Your conversations will be listed here.</source>
        <translation>你的对话会显示在这里。</translation>
    </message>
    <message>
        <source>Search</source>
        <translation>搜索</translation>
    </message>
    <message>
        <source>Search all conversations</source>
        <translation>搜索所有对话</translation>
    </message>
    <message>
        <source>Clear the search</source>
        <translation>清除搜索</translation>
    </message>
    <message>
        <source>New folder</source>
        <translation>新建文件夹</translation>
    </message>
    <message>
        <source>New conversation</source>
        <translation>新建对话</translation>
    </message>
    <message>
        <source>Nothing found.</source>
        <translation>没有找到。</translation>
    </message>
</context>
<context>
    <name>SidebarList</name>
    <message>
        <source>Conversations</source>
        <translation>对话</translation>
    </message>
    <message>
        <source>New folder</source>
        <translation>新建文件夹</translation>
    </message>
</context>
<context>
    <name>SidebarMenu</name>
    <message>
        <source>New folder</source>
        <translation>新建文件夹</translation>
    </message>
    <message>
        <source>Unpin</source>
        <translation>取消置顶</translation>
    </message>
    <message>
        <source>Pin</source>
        <translation>置顶</translation>
    </message>
    <message>
        <source>Move to folder</source>
        <translation>移到文件夹</translation>
    </message>
    <message>
        <source>Export…</source>
        <translation>导出…</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>删除</translation>
    </message>
    <message>
        <source>Delete {count} conversations</source>
        <translation>删除 {count} 个对话</translation>
    </message>
    <message>
        <source>No folder</source>
        <translation>不放入文件夹</translation>
    </message>
    <message>
        <source>New folder…</source>
        <translation>新建文件夹…</translation>
    </message>
    <message>
        <source>Delete the folder, keep its conversations</source>
        <translation>删除文件夹，保留其中的对话</translation>
    </message>
    <message>
        <source>Rename</source>
        <translation>重命名</translation>
    </message>
</context>
<context>
    <name>Thinking</name>
    <message>
        <source>Thinking… {count} characters</source>
        <translation>正在思考… {count} 个字符</translation>
    </message>
    <message>
        <source>Thoughts</source>
        <translation>思考过程</translation>
    </message>
    <message>
        <source>Thought for {seconds} s, {tokens} tokens</source>
        <translation>思考了 {seconds} 秒，{tokens} 个词元</translation>
    </message>
    <message>
        <source>Thought for {seconds} s</source>
        <translation>思考了 {seconds} 秒</translation>
    </message>
</context>
<context>
    <name>TrayMenu</name>
    <message>
        <source>Show the window</source>
        <translation>显示窗口</translation>
    </message>
    <message>
        <source>New conversation</source>
        <translation>新建对话</translation>
    </message>
    <message>
        <source>Turn the server off</source>
        <translation>关闭服务器</translation>
    </message>
    <message>
        <source>Turn the server on</source>
        <translation>开启服务器</translation>
    </message>
    <message>
        <source>Quit qwen3mlx</source>
        <translation>退出 qwen3mlx</translation>
    </message>
    <message>
        <source>The server is off</source>
        <translation>服务器已关闭</translation>
    </message>
    <message>
        <source>The server is starting</source>
        <translation>服务器正在启动</translation>
    </message>
    <message>
        <source>The server answers at {url}</source>
        <translation>服务器地址：{url}</translation>
    </message>
    <message>
        <source>The server failed</source>
        <translation>服务器出错</translation>
    </message>
    <message>
        <source>The server is ending</source>
        <translation>服务器正在关闭</translation>
    </message>
    <message>
        <source>{name}: loading, {percent}%</source>
        <translation>{name}：正在加载，{percent}%</translation>
    </message>
    <message>
        <source>{name}: in memory</source>
        <translation>{name}：已在内存中</translation>
    </message>
    <message>
        <source>Load</source>
        <translation>加载</translation>
    </message>
    <message>
        <source>Unload</source>
        <translation>卸载</translation>
    </message>
</context>
<context>
    <name>attachments</name>
    <message>
        <source>{name} is protected by a password: save it without one.</source>
        <translation>{name} 有密码保护：请另存为无密码的文件。</translation>
    </message>
    <message>
        <source>{name} has over {limit} pages: attach a part of it.</source>
        <translation>{name} 超过 {limit} 页：请附加其中一部分。</translation>
    </message>
    <message>
        <source>{name} is not a PDF that can be read.</source>
        <translation>{name} 不是可以读取的 PDF。</translation>
    </message>
    <message>
        <source>{name} is not a text file.</source>
        <translation>{name} 不是文本文件。</translation>
    </message>
    <message>
        <source>{name} holds more text than a model can read: attach a part of it.</source>
        <translation>{name} 的文字超出模型能读取的长度：请附加其中一部分。</translation>
    </message>
    <message>
        <source>There is no file {name}.</source>
        <translation>没有文件 {name}。</translation>
    </message>
    <message>
        <source>{name} has {size} MB; up to {limit} MB are read.</source>
        <translation>{name} 有 {size} MB；最多可读取 {limit} MB。</translation>
    </message>
    <message>
        <source>{name} cannot be read: {reason}.</source>
        <translation>无法读取 {name}：{reason}。</translation>
    </message>
    <message>
        <source>{name} takes too long, or too much memory, to read: save its text.</source>
        <translation>读取 {name} 耗时过长或占用内存过多：请将其另存为文本。</translation>
    </message>
    <message>
        <source>{name} is of a kind that is not read: save it as .docx, PDF or text.</source>
        <translation>无法读取 {name} 这种类型：请另存为 .docx、PDF 或文本。</translation>
    </message>
    <message>
        <source>{name} is an image: Qwen3 reads text only, and would not see it.</source>
        <translation>{name} 是图片：Qwen3 只能读文字，看不到它。</translation>
    </message>
    <message>
        <source>{name} is a recording: Qwen3 reads text only.</source>
        <translation>{name} 是音视频：Qwen3 只能读文字。</translation>
    </message>
    <message>
        <source>{name} holds no text, only pictures of it: attach one with text.</source>
        <translation>{name} 只有图片，没有文字：请附加带文字的版本。</translation>
    </message>
    <message>
        <source>{name} is empty.</source>
        <translation>{name} 是空的。</translation>
    </message>
    <message>
        <source>{name} is not a Word file that can be read.</source>
        <translation>{name} 不是可以读取的 Word 文件。</translation>
    </message>
</context>
<context>
    <name>conversations</name>
    <message>
        <source>“{title}” was deleted.</source>
        <translation>已删除“{title}”。</translation>
    </message>
    <message>
        <source>{count} conversations were deleted.</source>
        <translation>已删除 {count} 个对话。</translation>
    </message>
    <message>
        <source>Imported: {count}.</source>
        <translation>已导入：{count}。</translation>
    </message>
    <message>
        <source>{name} cannot be written: {reason}.</source>
        <translation>无法写入 {name}：{reason}。</translation>
    </message>
    <message>
        <source>Saved as {name}.</source>
        <translation>已保存为 {name}。</translation>
    </message>
</context>
<context>
    <name>http</name>
    <message>
        <source>The server answered with something that cannot be read: start it again.</source>
        <translation>服务器的回答无法读取：请重新启动它。</translation>
    </message>
    <message>
        <source>The connection to the server broke off.</source>
        <translation>与服务器的连接中断了。</translation>
    </message>
    <message>
        <source>The server does not answer: start it on the Server page.</source>
        <translation>服务器没有响应：请在“服务器”页启动它。</translation>
    </message>
    <message>
        <source>The server refused with status {status}.</source>
        <translation>服务器拒绝了请求，状态 {status}。</translation>
    </message>
</context>
<context>
    <name>menu</name>
    <message>
        <source>File</source>
        <translation>文件</translation>
    </message>
    <message>
        <source>New Conversation</source>
        <translation>新建对话</translation>
    </message>
    <message>
        <source>New Folder</source>
        <translation>新建文件夹</translation>
    </message>
    <message>
        <source>Import…</source>
        <translation>导入…</translation>
    </message>
    <message>
        <source>Export…</source>
        <translation>导出…</translation>
    </message>
    <message>
        <source>Close Window</source>
        <translation>关闭窗口</translation>
    </message>
    <message>
        <source>Quit</source>
        <translation>退出</translation>
    </message>
    <message>
        <source>Edit</source>
        <translation>编辑</translation>
    </message>
    <message>
        <source>Find</source>
        <translation>查找</translation>
    </message>
    <message>
        <source>Write</source>
        <translation>撰写</translation>
    </message>
    <message>
        <source>Undo Delete</source>
        <translation>撤销删除</translation>
    </message>
    <message>
        <source>Settings…</source>
        <translation>设置…</translation>
    </message>
    <message>
        <source>Conversation</source>
        <translation>对话</translation>
    </message>
    <message>
        <source>Rename</source>
        <translation>重命名</translation>
    </message>
    <message>
        <source>Settings of the Conversation</source>
        <translation>对话设置</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>停止</translation>
    </message>
    <message>
        <source>View</source>
        <translation>显示</translation>
    </message>
    <message>
        <source>Do Anything…</source>
        <translation>执行任意操作…</translation>
    </message>
    <message>
        <source>Window</source>
        <translation>窗口</translation>
    </message>
    <message>
        <source>Minimize</source>
        <translation>最小化</translation>
    </message>
    <message>
        <source>Help</source>
        <translation>帮助</translation>
    </message>
    <message>
        <source>Keyboard Shortcuts</source>
        <translation>键盘快捷键</translation>
    </message>
    <message>
        <source>About qwen3mlx</source>
        <translation>关于 qwen3mlx</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>撤销</translation>
    </message>
    <message>
        <source>Redo</source>
        <translation>重做</translation>
    </message>
    <message>
        <source>Cut</source>
        <translation>剪切</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>复制</translation>
    </message>
    <message>
        <source>Paste</source>
        <translation>粘贴</translation>
    </message>
    <message>
        <source>Select All</source>
        <translation>全选</translation>
    </message>
</context>
<context>
    <name>notifier</name>
    <message>
        <source>The answer failed</source>
        <translation>回答失败</translation>
    </message>
    <message>
        <source>The answer is there</source>
        <translation>回答已完成</translation>
    </message>
    <message>
        <source>{name} is loaded</source>
        <translation>{name} 已加载</translation>
    </message>
    <message>
        <source>{name} was not loaded</source>
        <translation>{name} 未能加载</translation>
    </message>
</context>
<context>
    <name>program</name>
    <message>
        <source>{error} Until then, what you write is kept in {name}.</source>
        <translation>{error}在此之前，您写的内容保存在 {name} 中。</translation>
    </message>
    <message>
        <source>The file of your conversations was damaged. {messages} messages of {conversations} conversations were rescued; the damaged file is kept as {name}.</source>
        <translation>对话文件已损坏。已找回 {conversations} 个对话的 {messages} 条消息；损坏的文件保存为 {name}。</translation>
    </message>
</context>
<context>
    <name>quantize</name>
    <message>
        <source>What was measured cannot be saved: {reason}.</source>
        <translation>无法保存测量结果：{reason}。</translation>
    </message>
</context>
<context>
    <name>sections</name>
    <message>
        <source>Untitled</source>
        <translation>未命名</translation>
    </message>
    <message>
        <source>MMMM yyyy</source>
        <translation>yyyy年M月</translation>
    </message>
    <message>
        <source>Pinned</source>
        <translation>已置顶</translation>
    </message>
    <message>
        <source>Today</source>
        <translation>今天</translation>
    </message>
    <message>
        <source>Yesterday</source>
        <translation>昨天</translation>
    </message>
    <message>
        <source>Previous 7 days</source>
        <translation>过去 7 天</translation>
    </message>
    <message>
        <source>Previous 30 days</source>
        <translation>过去 30 天</translation>
    </message>
    <message>
        <source>{title}, an answer is being written</source>
        <translation>{title}，正在生成回答</translation>
    </message>
    <message>
        <source>{heading}, folded, {count} in it</source>
        <translation>{heading}，已折叠，共 {count} 个</translation>
    </message>
</context>
<context>
    <name>server</name>
    <message>
        <source>Port {port} is taken by another program: the server uses a free one for now.</source>
        <translation>端口 {port} 被其他程序占用：服务器暂时使用一个空闲端口。</translation>
    </message>
    <message>
        <source>{reason} It is started again.</source>
        <translation>{reason} 正在重新启动。</translation>
    </message>
    <message>
        <source>The server&apos;s program cannot be run: install it again.</source>
        <translation>无法运行服务器程序：请重新安装。</translation>
    </message>
    <message>
        <source>{file} has the details.</source>
        <translation>详情见 {file}。</translation>
    </message>
    <message>
        <source>It died {count} times and is not started again.</source>
        <translation>它已意外结束 {count} 次，不再自动启动。</translation>
    </message>
    <message>
        <source>The server ended by itself (code {code}).</source>
        <translation>服务器意外结束（代码 {code}）。</translation>
    </message>
    <message>
        <source>The system ended the server: a model may need too much memory.</source>
        <translation>系统结束了服务器：模型可能需要太多内存。</translation>
    </message>
    <message>
        <source>The server crashed ({signal}).</source>
        <translation>服务器崩溃（{signal}）。</translation>
    </message>
</context>
<context>
    <name>settings</name>
    <message>
        <source>{url} is no web address: write one like https://hf-mirror.com.</source>
        <translation>{url} 不是网址：请写成 https://hf-mirror.com 这样。</translation>
    </message>
    <message>
        <source>The settings cannot be saved: {reason}.</source>
        <translation>无法保存设置：{reason}。</translation>
    </message>
</context>
<context>
    <name>sizes</name>
    <message>
        <source>MMM d</source>
        <translation>M月d日</translation>
    </message>
</context>
<context>
    <name>snippets</name>
    <message>
        <source>Its prompts are long: load the model with a context of 32,768 tokens or more.</source>
        <translation>它的提示很长：请用 32,768 个词元或更长的上下文加载模型。</translation>
    </message>
    <message>
        <source>The ollama command sends no key.</source>
        <translation>ollama 命令不会发送密钥。</translation>
    </message>
    <message>
        <source>Enter these in Cursor&apos;s settings, under Models. Cursor sends requests from its own servers, which do not reach this computer: it needs a tunnel, a key, and its address here. Nothing on this page opens one.</source>
        <translation>请在 Cursor 设置的 Models 中填写。Cursor 从它自己的服务器发送请求，无法到达这台电脑：需要隧道、密钥，并在这里填写隧道地址。本页面不会开启隧道。</translation>
    </message>
    <message>
        <source>Needs: {command}</source>
        <translation>需要：{command}</translation>
    </message>
</context>
<context>
    <name>store</name>
    <message>
        <source>The disk is full: make room, and what is on the screen will be saved.</source>
        <translation>磁盘已满：请腾出空间，屏幕上的内容随后会保存。</translation>
    </message>
    <message>
        <source>Your conversations&apos; file is damaged: start the program again to mend it.</source>
        <translation>对话文件已损坏：请重新启动程序以修复。</translation>
    </message>
    <message>
        <source>Another program holds the file of your conversations: close it and try again.</source>
        <translation>其他程序正占用对话文件：请关闭它再试。</translation>
    </message>
    <message>
        <source>Your conversations were saved by a newer version of the program: update it.</source>
        <translation>对话由更新版本的程序保存：请更新程序。</translation>
    </message>
    <message>
        <source>Your conversations cannot be saved ({reason}): check who may write there.</source>
        <translation>无法保存对话（{reason}）：请检查写入权限。</translation>
    </message>
    <message>
        <source>Entries of your conversations&apos; file that could not be read in full: {count}. They are kept as they were in {name}.</source>
        <translation>对话文件中有 {count} 个条目无法完整读取，其原样保存在 {name} 中。</translation>
    </message>
</context>
<context>
    <name>transfer</name>
    <message>
        <source>Conversation</source>
        <translation>对话</translation>
    </message>
    <message>
        <source>Thinking</source>
        <translation>思考</translation>
    </message>
    <message>
        <source>You</source>
        <translation>你</translation>
    </message>
    <message>
        <source>Result of a tool</source>
        <translation>工具结果</translation>
    </message>
    <message>
        <source>Assistant</source>
        <translation>助手</translation>
    </message>
    <message>
        <source>{name} was written by a newer version of this program: update it.</source>
        <translation>{name} 由更新版本的程序写出：请更新程序。</translation>
    </message>
    <message>
        <source>{name} holds no conversation that can be read.</source>
        <translation>{name} 中没有可以读取的对话。</translation>
    </message>
    <message>
        <source>{name} is no export of LM Studio, ChatGPT or this program: choose one of those.</source>
        <translation>{name} 不是 LM Studio、ChatGPT 或本程序的导出文件：请另选一个。</translation>
    </message>
    <message>
        <source>{name} cannot be read: {reason}.</source>
        <translation>无法读取 {name}：{reason}。</translation>
    </message>
    <message>
        <source>{name} is damaged, or not JSON: export it again.</source>
        <translation>{name} 已损坏，或不是 JSON：请重新导出。</translation>
    </message>
    <message>
        <source>{name} is too large to be imported.</source>
        <translation>{name} 太大，无法导入。</translation>
    </message>
</context>
</TS>
